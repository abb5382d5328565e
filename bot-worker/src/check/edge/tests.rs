use protocol::{
    GuildId,
    check::{FullBooks, RoomCheck, SettingCheck},
};

use super::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

type Change = fn(&mut EdgeCheck);

/// An edge with which everything is well.
fn good() -> EdgeCheck {
    let set = |name: &str| SettingCheck { name: name.into(), set: true, problem: None };
    let bound = |name: &str| BindingCheck { name: name.into(), bound: true, optional: false };
    EdgeCheck {
        version: VERSION,
        release: RELEASE.into(),
        now: NOW,
        settings: ["DISCORD_PUBLIC_KEY", "BOT_TOKEN", "ADMIN_IDS"].map(set).into(),
        bindings: ["GUILD", "ROOM", "ASSETS"].map(bound).into(),
        client_secret: ClientSecret::Accepted,
        room: Some(RoomCheck { servers: 3, viewers: 1, ..RoomCheck::default() }),
        ..EdgeCheck::default()
    }
}

fn lines(check: Result<EdgeCheck, EdgeError>, skew_seconds: Option<i64>) -> String {
    let lines = Told { check, at: NOW }.lines(skew_seconds);
    lines.iter().fold(String::new(), |said, line| said + &format!("{line}\n"))
}

#[test]
fn what_is_well_is_told_and_what_is_not_is_named() {
    let told = lines(Ok(good()), Some(0));
    assert!(
        !told.contains('✗') && !told.contains('·') && told.contains("servers: 3, open pages: 1"),
        "{told}"
    );
    let cases: [(Change, &str); 13] = [
        (|check| check.version = 0, "✗ versions"),
        (|check| check.version = VERSION + 1, "✗ versions"),
        (|check| check.release = "0.0.9".into(), "· versions"),
        (|check| check.settings[1].problem = Some("not set".into()), "✗ edge settings BOT_TOKEN: not set"),
        (|check| check.client_secret = ClientSecret::Refused, "✗ sign-in"),
        (|check| check.client_secret = ClientSecret::Unreachable, "✗ sign-in"),
        (|check| check.client_secret = ClientSecret::NotSet, "· sign-in"),
        (|check| check.client_secret = ClientSecret::Unknown, "· sign-in"),
        (|check| check.settings[2].set = false, "· sign-in"),
        (|check| check.bindings[2].bound = false, "✗ bindings      the Worker is not bound to ASSETS"),
        (|check| check.room = None, "✗ bindings"),
        (
            |check| {
                check.room.as_mut().unwrap().fullest = Some(FullBooks { guild_id: GuildId(7), percent: 81 });
            },
            "· storage       the books of server 7 take up 81 % of their storage",
        ),
        (|check| check.now = Timestamp(NOW.0 + 600_000), "✗ edge clock    600 s ahead of Discord's"),
    ];
    for (change, words) in cases {
        let mut check = good();
        change(&mut check);
        let told = lines(Ok(check), Some(0));
        assert!(told.contains(words), "{words}:\n{told}");
        assert_eq!(told.matches(['✗', '·']).count(), 1, "{told}");
    }
}

#[test]
fn an_optional_binding_may_be_missing() {
    let mut check = good();
    check.bindings.push(BindingCheck { name: "LIMITER".into(), bound: false, optional: true });
    let told = lines(Ok(check), Some(0));
    assert!(told.contains("GUILD, ROOM, ASSETS (without LIMITER, which is optional)"), "{told}");
}

#[test]
fn a_clock_here_that_is_off_is_not_laid_on_the_edge() {
    for (ahead_ms, skew, words) in [
        (-600_000, Some(600), "✓ edge clock    within 30 s of Discord's"),
        (0, Some(600), "✗ edge clock    600 s ahead of Discord's"),
        (-600_000, None, "✗ edge clock    600 s behind this machine's"),
        (30_000, None, "✓ edge clock    within 30 s of this machine's"),
    ] {
        let check = EdgeCheck { now: Timestamp(NOW.0.saturating_add_signed(ahead_ms)), ..good() };
        let told = lines(Ok(check), skew);
        assert!(told.contains(words), "{words}:\n{told}");
    }
}

#[test]
fn an_edge_that_does_not_tell_is_no_failure() {
    let told = lines(Err(EdgeError::NotOffered), None);
    assert!(told.starts_with("· versions      the edge is older than this program"), "{told}");
    let told = lines(Err(EdgeError::ParseError("expected value".into())), None);
    assert!(told.starts_with("· versions") && told.contains("expected value"), "{told}");
}
