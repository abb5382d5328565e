//! Where secrets may be sent to.

use url::{Host, Url};

/// Whether nobody on the way reads what is sent to this address: TLS, or this very machine.
pub fn is_confidential(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_alone() {
        for (url, expected) in [
            ("https://pulse.example", true),
            ("http://127.0.0.1:8787", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8787", true),
            ("http://localhost:8787", true),
            ("http://edge.localhost", true),
            ("http://pulse.example", false),
            ("http://localhost.example", false),
            ("http://10.0.0.7:8787", false),
            ("http://0.0.0.0", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_confidential(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
