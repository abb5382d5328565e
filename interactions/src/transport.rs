//! Addresses to which secrets may be sent.

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// Whether an address that somebody gave is on the public internet and reached by TLS; else why not. The names of a private
/// network are refused by how they end: no public name ends so.
pub fn is_public(url: &Url) -> Result<(), &'static str> {
    const EPHEMERAL: &str = "is of a private network: give it an address that is reached from everywhere";
    const PRIVATE_ENDS: [&str; 8] =
        ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa"];
    if url.scheme() != "https" {
        return Err("begins with another scheme than https://");
    }
    let is_public = match url.host() {
        Some(Host::Ipv4(address)) => is_public_v4(address),
        Some(Host::Ipv6(address)) => is_public_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.rsplit_once('.').is_some_and(|(_, end)| !PRIVATE_ENDS.contains(&end))
        }
        None => false,
    };
    if is_public { Ok(()) } else { Err(EPHEMERAL) }
}

/// Source: <https://www.iana.org/assignments/iana-ipv4-special-registry>.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

/// Of IPv6, `2000::/3` is what is routed; within it some blocks are not, and others carry an IPv4 address.
/// Source: <https://www.iana.org/assignments/iana-ipv6-special-registry>.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    (0x2000..0x4000).contains(&first)
        && !matches!((first, second), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002 | 0x3fff, _))
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

    #[test]
    fn what_a_private_network_holds_is_not_public() {
        for (host, expected) in [
            ("hooks.example.com", true),
            ("8.8.8.8", true),
            ("[2606:4700::1111]", true),
            ("localhost", false),
            ("a.localhost", false),
            ("printer", false),
            ("printer.local", false),
            ("vault.internal", false),
            ("vault.internal.", false),
            ("1.0.0.10.in-addr.arpa", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("2130706433", false),
            ("0x7f.1", false),
            ("169.254.169.254", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("[::1]", false),
            ("[::ffff:10.0.0.1]", false),
            ("[64:ff9b::a00:1]", false),
            ("[fc00::1]", false),
            ("[fe80::1]", false),
            ("[2001:db8::1]", false),
            ("[2002:a00:1::]", false),
        ] {
            let url = Url::parse(&format!("https://{host}/x")).unwrap();
            assert_eq!(is_public(&url).is_ok(), expected, "{host}");
        }
        assert!(is_public(&Url::parse("http://hooks.example.com/").unwrap()).is_err());
    }
}
