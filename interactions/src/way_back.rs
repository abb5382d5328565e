//! The address to which a browser goes after a sign-in: on this very site, whatever the link that led to the sign-in says.

use url::{Position, Url};

/// The longest way back that is followed, in bytes.
const MAX_BYTES: usize = 1_000;
/// Stands for the site, whose real address does not matter to a path.
const SITE: &str = "https://pulse.invalid";
/// The front page, for a way back that leads nowhere.
const FRONT: &str = "/";

/// The path, query and fragment of `next` if that is a place on this site, and else the front page. It is parsed as a browser
/// does, compared as an origin, and written from what was parsed.
pub fn way_back(next: &str) -> String {
    let place = || {
        let site = Url::parse(SITE).ok()?;
        let place = on(&site, next)?;
        let path = place[Position::BeforePath..].to_owned();
        // A browser reads the written path again, and has to end at the same place: a path of `//…` names another site.
        (on(&site, &path)? == place).then_some(path)
    };
    place().unwrap_or_else(|| FRONT.to_owned())
}

fn on(site: &Url, next: &str) -> Option<Url> {
    let is_path = next.starts_with('/') && next.len() <= MAX_BYTES;
    let place = site.join(next).ok().filter(|_| is_path)?;
    let is_here =
        place.origin() == site.origin() && place.username().is_empty() && place.password().is_none();
    is_here.then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_site_are_kept_and_all_others_are_the_front_page() {
        for (next, expected) in [
            ("/", "/"),
            ("/?room=1&player=2#journal", "/?room=1&player=2#journal"),
            ("/a/../b", "/b"),
            ("/servers/ä", "/servers/%C3%A4"),
            ("", "/"),
            ("servers", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example/x", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/.//evil.example/x", "/"),
            ("/..//evil.example", "/"),
            ("/%2e//evil.example", "/"),
            ("/.//here.invalid//evil.example/x", "/"),
            ("/x/..//evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: b=c", "/aSet-Cookie:%20b=c"),
        ] {
            assert_eq!(way_back(next), expected, "{next:?}");
        }
        assert_eq!(way_back(&format!("/{}", "a".repeat(MAX_BYTES))), "/", "too long");
    }

    #[test]
    fn however_it_is_bent_it_stays_on_this_site() {
        const PARTS: [&str; 23] = [
            "/",
            "//",
            "\\",
            ".",
            "..",
            "%2e",
            "%2f",
            "%5c",
            "@",
            ":",
            "?",
            "#",
            "\t",
            "\n",
            "evil.example",
            "https:",
            "a",
            "[::1]",
            ";",
            "\u{ff0f}",
            "\u{2025}",
            " ",
            "\0",
        ];
        let own = Url::parse("https://pulse.example").unwrap();
        // SplitMix64: the same hundred thousand each time.
        let mut state = 0_u64;
        let mut below = |end: usize| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            usize::try_from((mixed ^ (mixed >> 27)) >> 33).unwrap() % end
        };
        for _ in 0..100_000 {
            let next: String = (0..below(12)).map(|_| PARTS[below(PARTS.len())]).collect();
            let path = way_back(&next);
            assert_eq!(own.join(&path).unwrap().origin(), own.origin(), "{path} of {next:?}");
            assert!(
                path.starts_with('/') && !path.starts_with("//") && path.is_ascii(),
                "{path} of {next:?}"
            );
        }
    }
}
