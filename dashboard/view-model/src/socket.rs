//! The address of the stream.

use protocol::{Epoch, GuildId, Seq};

/// The address of `/ws` on the host that serves the page: of all servers or of one, and from where on when it goes on.
pub fn url(protocol: &str, host: &str, room: Option<GuildId>, resume: Option<(Epoch, Seq)>) -> String {
    let mut url = [if protocol == "https:" { "wss" } else { "ws" }, "://", host, "/ws?"].concat();
    if let Some(room) = room {
        url.push_str(&["room=", &room.to_string(), "&"].concat());
    }
    if let Some((epoch, since)) = resume {
        url.push_str(&["epoch=", &epoch.to_string(), "&since=", &since.to_string(), "&"].concat());
    }
    url.pop();
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_as_safe_as_the_page_and_goes_on_where_it_was() {
        assert_eq!(url("http:", "127.0.0.1:8787", None, None), "ws://127.0.0.1:8787/ws");
        assert_eq!(url("http:", "a.example", Some(GuildId(9)), None), "ws://a.example/ws?room=9");
        assert_eq!(
            url("https:", "pulse.example", Some(GuildId(9)), Some((Epoch(0xab), Seq(7)))),
            "wss://pulse.example/ws?room=9&epoch=00000000000000ab&since=7"
        );
    }
}
