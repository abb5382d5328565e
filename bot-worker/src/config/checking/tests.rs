use std::num::NonZeroU64;

use clap::Parser;

use super::{
    super::{Arguments, DISCORD, Registration, Task},
    *,
};

type Spoil = fn(&mut RawSettings);

fn raw() -> RawSettings {
    RawSettings {
        discord_token: Some("discord-secret".into()),
        edge_url: Some("http://127.0.0.1:8787/".into()),
        bot_token: Some("shared-secret".into()),
        discord_api: DISCORD.into(),
        ..RawSettings::default()
    }
}

#[test]
fn good_settings_are_taken_and_secrets_not_shown() {
    let settings = raw().check().unwrap();
    assert_eq!(settings.edge.url, "http://127.0.0.1:8787");
    assert_eq!(settings.edge.token.reveal(), "shared-secret");
    assert_eq!(settings.discord.host.api_url(), DISCORD);
    assert!(!format!("{settings:?}").contains("-secret"));
}

#[test]
fn a_bad_setting_is_named() {
    let cases: [(&str, Spoil); 10] = [
        ("DISCORD_TOKEN", |raw| raw.discord_token = None),
        ("DISCORD_TOKEN", |raw| raw.discord_token = Some("two words".into())),
        ("BOT_TOKEN", |raw| raw.bot_token = Some("  ".into())),
        ("EDGE_URL", |raw| raw.edge_url = None),
        ("EDGE_URL", |raw| raw.edge_url = Some("pulse.example".into())),
        ("EDGE_URL", |raw| raw.edge_url = Some("https://pulse.example/api".into())),
        ("EDGE_URL is http://", |raw| raw.edge_url = Some("http://pulse.example".into())),
        ("DISCORD_API is http://", |raw| raw.discord_api = "http://discord.com/api/v10".into()),
        ("DISCORD_API", |raw| raw.discord_api = "ftp://discord.com".into()),
        ("DISCORD_API", |raw| raw.discord_api = "https://discord.com/api/v9".into()),
    ];
    for (name, spoil) in cases {
        let mut spoilt = raw();
        spoil(&mut spoilt);
        let message = spoilt.check().unwrap_err().to_string();
        assert!(message.starts_with(name), "{message}");
    }
}

#[test]
fn registering_needs_no_edge() {
    let words = ["bot-worker", "register", "--guild", "7", "--dry-run", "--discord-token", "x"];
    let Ok(Task::Register(_, wanted)) = Arguments::parse_from(words).task() else { panic!("no register") };
    assert_eq!(wanted, Registration { guild: NonZeroU64::new(7), dry_run: true, delete: false });
}

#[test]
fn discord_may_be_elsewhere() {
    let cases = [
        ("https://discord.com/api/v10", "discord.com", false),
        ("https://discord.com/api/v10/", "discord.com", false),
        ("http://127.0.0.1:4000", "127.0.0.1:4000", true),
        ("http://[::1]:4000/", "[::1]:4000", true),
    ];
    for (url, authority, plain_http) in cases {
        let host = DiscordHost { authority: authority.into(), plain_http };
        assert_eq!(discord_host(url), Ok(host), "{url}");
    }
}

#[test]
fn a_secret_may_be_in_a_file() {
    let file = std::env::temp_dir().join(format!("pulse-secret-{}", std::process::id()));
    fs::write(&file, "from-a-file\n").unwrap();
    let with = |token: Option<&str>, file: &Path| RawSettings {
        bot_token: token.map(str::to_owned),
        bot_token_file: Some(file.into()),
        ..raw()
    };
    assert_eq!(with(None, &file).check().unwrap().edge.token.reveal(), "from-a-file");
    assert_eq!(with(Some("given"), &file).check().unwrap().edge.token.reveal(), "given");
    fs::remove_file(&file).unwrap();
    let error = with(None, &file).check().unwrap_err();
    assert_eq!(error.to_string(), "BOT_TOKEN_FILE names a file that cannot be read: entity not found");
}
