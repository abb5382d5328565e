//! The edge's settings as a deployer has set them, each looked at for itself: whether it is there, and what is wrong with
//! it. What is said names a setting and never holds its value.

use protocol::{
    UserId,
    check::{Plan, SettingCheck},
    number,
};
use url::Url;

use crate::{signature::PublicKey, transport::is_confidential};

/// Finds what is wrong with a value; `None`: it can be used.
type Look = fn(&str) -> Option<String>;

/// Every setting that the edge reads.
const SETTINGS: [(&str, Look); 17] = [
    ("DISCORD_PUBLIC_KEY", public_key),
    ("DISCORD_APPLICATION_ID", application_id),
    ("DISCORD_CLIENT_SECRET", secret),
    ("ADMIN_IDS", admin_ids),
    ("BOT_TOKEN", secret),
    ("ADMIN_TOKEN", secret),
    ("BOT_TOKEN_OLD", secret),
    ("ADMIN_TOKEN_OLD", secret),
    ("PUBLIC_URL", public_url),
    ("DISCORD_API", discord_api),
    ("RIGHTS_AFTER_MS", milliseconds),
    ("DEFER_AFTER_MS", milliseconds),
    ("CLOUDFLARE_PLAN", plan),
    ("OBJECT_LOCATION", location),
    ("OBJECT_JURISDICTION", jurisdiction),
    ("STORE_MAX_MB", megabytes),
    ("STATUS_PAGE", on),
];

/// Where objects can be asked to be made, as Cloudflare calls it.
pub const LOCATIONS: [&str; 9] = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];
/// Jurisdictions that objects can be promised never to leave.
pub const JURISDICTIONS: [&str; 2] = ["eu", "fedramp"];

/// The settings that the edge cannot do without, and the consequence of their absence.
const NEEDED: [(&str, &str); 2] = [
    ("DISCORD_PUBLIC_KEY", "no command of Discord's is understood"),
    ("BOT_TOKEN", "no report of bot-worker is taken"),
];
/// Signing in takes all of these, or none where nobody is to sign in.
const SIGN_IN: [&str; 2] = ["DISCORD_APPLICATION_ID", "DISCORD_CLIENT_SECRET"];
/// The bot's token is bot-worker's alone.
const FOREIGN: &str = "DISCORD_TOKEN";

/// Looks at all of them. `read` gives a setting's text, if it is set and not empty.
pub fn look_at(read: impl Fn(&str) -> Option<String>) -> Vec<SettingCheck> {
    let signs_in = SIGN_IN.iter().any(|name| read(name).is_some());
    let mut settings: Vec<SettingCheck> = SETTINGS
        .iter()
        .map(|&(name, look)| {
            let value = read(name);
            let problem = match &value {
                Some(value) => look(value),
                None => missed(name, signs_in),
            };
            SettingCheck { name: name.to_owned(), set: value.is_some(), problem }
        })
        .collect();
    if read(FOREIGN).is_some() {
        let problem = "the bot's token is bot-worker's alone: take it away with `npx wrangler secret delete DISCORD_TOKEN`";
        settings.push(SettingCheck {
            name: FOREIGN.to_owned(),
            set: true,
            problem: Some(problem.to_owned()),
        });
    }
    settings
}

/// Returns the consequence of a setting that is not there, if it has any.
fn missed(name: &str, signs_in: bool) -> Option<String> {
    if let Some((_, why)) = NEEDED.iter().find(|(needed, _)| *needed == name) {
        return Some(format!("not set: {why}"));
    }
    (signs_in && SIGN_IN.contains(&name)).then(|| "not set: nobody can sign in".to_owned())
}

fn public_key(value: &str) -> Option<String> {
    PublicKey::from_hex(value).err().map(|error| error.to_string())
}

fn application_id(value: &str) -> Option<String> {
    let is_id = value.trim().parse::<u64>().is_ok_and(|id| id > 0);
    (!is_id).then(|| "no id of Discord's: copy the Application ID from General Information".to_owned())
}

fn secret(value: &str) -> Option<String> {
    let is_token = value.chars().all(|letter| letter.is_ascii_graphic());
    (!is_token).then(|| "has spaces or other characters that no header can carry: copy it again".to_owned())
}

fn admin_ids(value: &str) -> Option<String> {
    let ids: Vec<&str> = value.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let strange = ids.iter().filter(|id| id.parse::<UserId>().is_err()).count();
    (strange > 0).then(|| {
        format!("{strange} of its {} entries are no Discord user ids, which are digits alone", ids.len())
    })
}

fn public_url(value: &str) -> Option<String> {
    let is_origin = Url::parse(value).is_ok_and(|url| url.has_host() && url.scheme().starts_with("http"));
    (!is_origin).then(|| "no address: expected something like https://pulse.example".to_owned())
}

fn discord_api(value: &str) -> Option<String> {
    match Url::parse(value) {
        Err(_) => Some("no address: leave it out for Discord's own".to_owned()),
        Ok(url) if !is_confidential(&url) => Some("http:// beyond this machine: use https://".to_owned()),
        Ok(_) => None,
    }
}

fn on(value: &str) -> Option<String> {
    (value != "on").then(|| "other than `on`: the page is off".to_owned())
}

fn milliseconds(value: &str) -> Option<String> {
    number::typed::<u64>(value).err().map(|_| "no whole number of milliseconds".to_owned())
}

fn plan(value: &str) -> Option<String> {
    Plan::named(value).is_none().then(|| "expected free or paid".to_owned())
}

fn location(value: &str) -> Option<String> {
    (!LOCATIONS.contains(&value)).then(|| format!("expected one of {}", LOCATIONS.join(", ")))
}

fn jurisdiction(value: &str) -> Option<String> {
    (!JURISDICTIONS.contains(&value)).then(|| format!("expected one of {}", JURISDICTIONS.join(", ")))
}

fn megabytes(value: &str) -> Option<String> {
    let is_some = number::typed::<u64>(value).is_ok_and(|megabytes| megabytes > 0);
    (!is_some)
        .then(|| "no whole number of megabytes: leave it out for the 10 000 of the paid plan".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn look(settings: &[(&str, &str)]) -> Vec<SettingCheck> {
        look_at(|name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn problems(settings: &[(&str, &str)]) -> Vec<String> {
        let looked = look(settings).into_iter();
        looked.filter_map(|each| Some(format!("{}: {}", each.name, each.problem?))).collect()
    }

    #[test]
    fn what_is_needed_is_missed_and_the_rest_is_not() {
        assert_eq!(
            problems(&[]),
            [
                "DISCORD_PUBLIC_KEY: not set: no command of Discord's is understood",
                "BOT_TOKEN: not set: no report of bot-worker is taken"
            ]
        );
        let needed = [("DISCORD_PUBLIC_KEY", KEY), ("BOT_TOKEN", "b")];
        assert_eq!(problems(&needed), [""; 0]);
        let set: Vec<String> =
            look(&needed).into_iter().filter(|each| each.set).map(|each| each.name).collect();
        assert_eq!(set, ["DISCORD_PUBLIC_KEY", "BOT_TOKEN"]);
        let half = [needed[0], needed[1], ("DISCORD_APPLICATION_ID", "1090000000000000000")];
        assert_eq!(problems(&half), ["DISCORD_CLIENT_SECRET: not set: nobody can sign in"]);
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_value() {
        for (name, value, words) in [
            ("DISCORD_PUBLIC_KEY", "abc", "expected 64 hexadecimal digits"),
            ("DISCORD_PUBLIC_KEY", &"00".repeat(32), "not a point"),
            ("DISCORD_APPLICATION_ID", "pulse-x", "no id of Discord's"),
            ("DISCORD_CLIENT_SECRET", "two words", "has spaces"),
            ("BOT_TOKEN", "schlüssel-x", "no header can carry"),
            ("ADMIN_IDS", "101, me-x", "1 of its 2 entries"),
            ("PUBLIC_URL", "pulse.example-x", "no address"),
            ("DISCORD_API", "http://pulse.example/x", "http:// beyond this machine"),
            ("DISCORD_API", "discord-x", "no address"),
            ("RIGHTS_AFTER_MS", "soon-x", "no whole number"),
            ("CLOUDFLARE_PLAN", "business-x", "free or paid"),
            ("OBJECT_LOCATION", "paris-x", "wnam"),
            ("OBJECT_JURISDICTION", "fr-x", "eu, fedramp"),
            ("STORE_MAX_MB", "plenty-x", "no whole number"),
            ("STATUS_PAGE", "yes-x", "other than `on`"),
            ("DISCORD_TOKEN", "a.b.c-x", "bot-worker's alone"),
        ] {
            let found = look(&[(name, value)]);
            let found = found.iter().find(|each| each.name == name).unwrap();
            let problem = found.problem.as_deref().unwrap_or_default();
            assert!(found.set && problem.contains(words), "{name}: {problem}");
            assert!(!problem.contains(value), "{name}: {problem}");
        }
        for (name, value) in [
            ("DISCORD_PUBLIC_KEY", KEY),
            ("DISCORD_APPLICATION_ID", "1090000000000000000"),
            ("ADMIN_IDS", "101, 102,"),
            ("PUBLIC_URL", "https://pulse.example"),
            ("DISCORD_API", "http://127.0.0.1:4000/api/v10"),
            ("DEFER_AFTER_MS", "0"),
            ("CLOUDFLARE_PLAN", "paid"),
            ("OBJECT_LOCATION", "weur"),
            ("OBJECT_JURISDICTION", "eu"),
        ] {
            let found = look(&[(name, value)]);
            assert_eq!(found.iter().find(|each| each.name == name).unwrap().problem, None, "{name}");
        }
    }
}
