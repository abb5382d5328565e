//! Signing in with Discord: who is let in, to see what, for how long; and the way out.

use std::collections::BTreeMap;

use anyhow::Result;
use discord_sim::{
    Guild, Server,
    faults::{Effect, Fault},
    grants::Rights,
};
use protocol::{ServerMessage, Snapshot, UserId};
use reqwest::StatusCode;
use serde_json::json;
use tests::{
    Browser, Edge, Viewer, bot,
    edge::until,
    people::{daily, player},
};

const ADA: UserId = UserId(101);
const BEN: UserId = UserId(102);
const MANAGE_SERVER: u64 = 1 << 5;
/// May read, and no more.
const MEMBER: u64 = 1 << 10;

/// An edge that asks a stand-in for Discord who somebody is, and two servers that play.
struct House {
    edge: Edge,
    discord: Server,
    guilds: [Guild; 2],
}

impl House {
    async fn open(admin_ids: &str) -> Result<Self> {
        Self::open_asking(admin_ids, 600_000).await
    }

    /// One that asks Discord after so many milliseconds again what somebody may.
    async fn open_asking(admin_ids: &str, rights_after_ms: u64) -> Result<Self> {
        Self::open_with(admin_ids, rights_after_ms, Edge::start_with).await
    }

    async fn open_with(
        admin_ids: &str,
        rights_after_ms: u64,
        start: impl FnOnce(serde_json::Value) -> Result<Edge>,
    ) -> Result<Self> {
        let discord = bot::discord_like(|config| config.guilds = 2).await?;
        let guilds = discord.state().guilds.clone().try_into().unwrap();
        let mut settings = bot::signing_in(&discord, admin_ids);
        settings["RIGHTS_AFTER_MS"] = rights_after_ms.to_string().into();
        let edge = start(settings)?;
        let house = Self { edge, discord, guilds };
        for guild in &house.guilds {
            house.play(guild).await?;
        }
        until("both have played", async || Ok(house.edge.room().await?.seq.0 >= 2)).await?;
        Ok(house)
    }

    async fn play(&self, guild: &Guild) -> Result<()> {
        let answer = self.edge.discord().post(&daily(guild, &player("Somebody"))).await?;
        assert_eq!(answer.status, 200);
        Ok(())
    }

    /// Makes somebody have these permissions in the first server, and be a plain member of the second.
    fn permit(&self, user: UserId, permissions: u64) {
        let servers = BTreeMap::from([(self.guilds[0].id, permissions), (self.guilds[1].id, MEMBER)]);
        self.discord.state().set_rights(user, Rights { servers: Some(servers), revoked: false });
    }

    fn revocations(&self) -> u64 {
        self.discord.state().tally.counts().revocations
    }

    async fn signed_in(&self, user: UserId) -> Result<Browser> {
        let mut browser = Browser::new(&self.edge)?;
        let page = browser.sign_in(user).await?;
        assert_eq!((page.status.as_u16(), page.location()?), (303, "/"), "{}", page.text);
        Ok(browser)
    }
}

async fn closed_with(viewer: &mut Viewer) -> Result<u16> {
    viewer.close_code().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_everything() -> Result<()> {
    let house = House::open(&format!("7, {ADA}")).await?;
    let mut browser = house.signed_in(ADA).await?;
    let me = browser.get("/api/me").await?.json()?;
    assert_eq!((&me["role"], &me["id"], &me["guilds"]), (&json!("admin"), &json!(ADA), &json!(null)));
    let snapshot: Snapshot = serde_json::from_str(&browser.get("/api/snapshot").await?.text)?;
    assert_eq!(snapshot.events.len(), 2);
    assert_eq!(browser.get("/api/guilds").await?.json()?.as_array().unwrap().len(), 2);
    let page = browser.get("/").await?;
    assert!(page.text.contains("id=\"snapshot\""), "the numbers come with the page");
    let mut viewer = browser.watch(&house.edge, "").await.unwrap();
    assert!(matches!(viewer.next().await?, ServerMessage::Hello { .. }));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_sees_their_server_and_no_other() -> Result<()> {
    let house = House::open("7").await?;
    house.permit(BEN, MANAGE_SERVER);
    let [ours, theirs] = &house.guilds;
    let mut browser = house.signed_in(BEN).await?;
    let me = browser.get("/api/me").await?.json()?;
    assert_eq!((&me["role"], &me["guilds"]), (&json!("manager"), &json!([ours.id])));

    let mut shown = String::new();
    for path in
        ["/", "/api/snapshot", "/api/guilds", "/api/events", "/api/events.csv", "/api/history?range=1h"]
    {
        let page = browser.get(path).await?;
        assert_eq!(page.status, 200, "{path}");
        shown += &page.text;
    }
    assert!(shown.contains(&ours.id.to_string()));
    assert!(!shown.contains(&theirs.id.to_string()), "{shown}");
    for path in ["journal", "journal.csv", "players", "proof", "settings", "shop"] {
        assert_eq!(browser.get(&format!("/api/guilds/{}/{path}", ours.id)).await?.status, 200, "{path}");
        assert_eq!(browser.get(&format!("/api/guilds/{}/{path}", theirs.id)).await?.status, 403, "{path}");
    }
    assert_eq!(browser.get(&format!("/api/snapshot?room={}", theirs.id)).await?.status, 403);
    assert_eq!(browser.watch(&house.edge, &format!("?room={}", theirs.id)).await.err(), Some(403));

    let mut viewer = browser.watch(&house.edge, "").await.unwrap();
    house.play(theirs).await?;
    house.play(ours).await?;
    let events = viewer.next_events().await?;
    assert!(events.iter().all(|event| event.guild_id == ours.id), "{events:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_server_reads_what_they_lack() -> Result<()> {
    let house = House::open("7").await?;
    house.permit(BEN, MEMBER);
    let mut browser = Browser::new(&house.edge)?;
    let page = browser.sign_in(BEN).await?;
    assert_eq!(page.status, 403);
    // Not what would give them every server.
    assert!(page.text.contains("Manage Server") && !page.text.contains("ADMIN_IDS"), "{}", page.text);
    assert_eq!(browser.cookie(), "", "nothing is left of the attempt");
    assert_eq!(browser.get("/api/snapshot").await?.status, 401);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_is_told_that_nothing_has_happened() -> Result<()> {
    let house = House::open("7").await?;
    let mut browser = Browser::new(&house.edge)?;
    let callback = browser.agree("/login", ADA).await?;
    let state = callback.split("state=").nth(1).unwrap();
    let page = browser.get(&format!("/login/callback?error=access_denied&state={state}")).await?;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("did not agree"), "{}", page.text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_that_cannot_say_who_it_is_has_used_nothing_up() -> Result<()> {
    let house = House::open("7").await?;
    house.permit(BEN, MANAGE_SERVER);
    let faults = &house.discord.state().faults;
    let blocked = || Effect::Html { status: 403, retry_after: None };
    for (path, effect) in [
        ("/oauth2/token", blocked()),
        ("/users/@me", blocked()),
        ("/users/@me/guilds", Effect::status(403)),
        ("/oauth2/token", Effect::limited(3_600.0)),
    ] {
        faults.add(Fault::new(path, effect.clone()));
        let page = Browser::new(&house.edge)?.sign_in(BEN).await?;
        assert_eq!(page.status, 502, "{path} {effect:?}: {}", page.text);
        faults.clear();
    }
    faults.add(Fault::new("/oauth2/token", Effect::limited(0.2)).times(1));
    house.signed_in(BEN).await?;

    let mut settings = bot::signing_in(&house.discord, "7");
    settings["DISCORD_CLIENT_SECRET"] = "wrong".into();
    let mistyped = Edge::start_with(settings)?;
    let page = Browser::new(&mistyped)?.sign_in(BEN).await?;
    assert_eq!(page.status, 502, "{}", page.text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_closes_the_sockets_of_every_tab() -> Result<()> {
    let house = House::open(&ADA.to_string()).await?;
    house.permit(BEN, MANAGE_SERVER);
    for user in [ADA, BEN] {
        let mut browser = house.signed_in(user).await?;
        let mut other = house.signed_in(user).await?;
        let mut tabs =
            [browser.watch(&house.edge, "").await.unwrap(), browser.watch(&house.edge, "").await.unwrap()];
        let mut others = other.watch(&house.edge, "").await.unwrap();
        let cookie = browser.cookie();
        assert_eq!(browser.post("/logout", "").await?.status, 204);
        for tab in &mut tabs {
            assert_eq!(closed_with(tab).await?, 4501, "{user}");
        }
        assert_eq!(browser.cookie(), "");
        let (name, value) = cookie.split_once('=').unwrap();
        browser.toss_cookie(name, value);
        assert_eq!(browser.get("/api/me").await?.status, 401, "the session is gone, not only its cookie");
        assert_eq!(other.get("/api/me").await?.status, 200, "the other browser is not concerned");

        let mut third = house.signed_in(user).await?;
        assert_eq!(third.post("/logout/everywhere", "").await?.status, 204);
        assert_eq!(closed_with(&mut others).await?, 4501, "{user}");
        assert_eq!(other.get("/api/me").await?.status, 401);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_gives_a_fresh_session_each_time_and_ends_the_one_before() -> Result<()> {
    let house = House::open(&ADA.to_string()).await?;
    let mut browser = house.signed_in(ADA).await?;
    let before = browser.clone();
    browser.sign_in(ADA).await?;
    assert_ne!(browser.cookie(), before.cookie());
    assert_eq!(before.clone().get("/api/me").await?.status, 401);
    assert_eq!(browser.get("/api/me").await?.status, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_taken_away_closes_the_socket() -> Result<()> {
    for revoked in [false, true] {
        let house = House::open_asking("7", 1_000).await?;
        house.permit(BEN, MANAGE_SERVER);
        let mut browser = house.signed_in(BEN).await?;
        let mut viewer = browser.watch(&house.edge, "").await.unwrap();
        assert!(matches!(viewer.next().await?, ServerMessage::Hello { .. }));
        house.permit(BEN, MEMBER);
        if revoked {
            house.discord.state().set_rights(BEN, Rights { servers: None, revoked });
        }
        // Not a manager any more; or has taken back what let us ask, and is signed out.
        let (code, status) = if revoked { (4501, 401) } else { (4503, 403) };
        assert_eq!(closed_with(&mut viewer).await?, code);
        assert_eq!(browser.get("/api/snapshot").await?.status, status);
        assert_eq!(browser.watch(&house.edge, "").await.err(), Some(status));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_discord_is_away_rights_hold_for_half_as_long_again() -> Result<()> {
    let house = House::open_asking("7", 2_000).await?;
    house.permit(BEN, MANAGE_SERVER);
    let mut browser = house.signed_in(BEN).await?;
    // A page of Cloudflare's says nothing of what somebody may.
    let away = json!({"path": "/users/@me/guilds", "effect": "html", "status": 403});
    let control = format!("{}/control/faults", house.discord.url());
    let client = tests::edge::http();
    client.post(&control).json(&away).send().await?.error_for_status()?;
    until("nobody knows what they may", async || Ok(browser.get("/api/snapshot").await?.status != 200))
        .await?;
    // Requests at the same time wait for one answer of Discord, and none is told that it is not theirs to look at.
    let mut others: Vec<_> = (0..5).map(|_| browser.clone()).collect();
    for answer in futures_util::future::join_all(others.iter_mut().map(|tab| tab.get("/api/snapshot"))).await
    {
        let answer = answer?;
        assert_eq!(
            (answer.status, &answer.json()?["error"]["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("rights_unknown"))
        );
        assert!(answer.headers.contains_key("Retry-After"));
    }
    client.delete(&control).send().await?.error_for_status()?;
    until("Discord has said it again", async || Ok(browser.get("/api/snapshot").await?.status == 200))
        .await?;
    Ok(())
}

/// Whether these bytes hold this text.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_gave_us_lies_nowhere_in_clear_and_is_revoked_at_sign_out() -> Result<()> {
    let house = House::open_asking("7", 50).await?;
    house.permit(BEN, MANAGE_SERVER);
    let (mut browser, mut other) = (house.signed_in(BEN).await?, house.signed_in(BEN).await?);
    let stored = house.edge.stored("Room")?;
    assert!(holds(&stored, "Server") || holds(&stored, "signed_in"), "these are the room's files");
    for token in ["user-102", "refresh-102", "access"] {
        assert!(!holds(&stored, token), "{token} is in them");
    }
    // Discord revokes what a person has allowed as a whole: the other browser would be signed out, too.
    assert_eq!(browser.post("/logout", "").await?.status, 204);
    until("Discord is asked again", async || Ok(other.get("/api/me").await?.status == 200)).await?;
    assert_eq!(house.revocations(), 0);
    assert_eq!(other.post("/logout", "").await?.status, 204);
    until("it is revoked", async || Ok(house.revocations() == 1)).await?;

    let mut all = [house.signed_in(BEN).await?, house.signed_in(BEN).await?, house.signed_in(BEN).await?];
    assert_eq!(all[0].post("/logout/everywhere", "").await?.status, 204);
    until("it is revoked", async || Ok(house.revocations() == 2)).await?;
    // A new sign-in in the same browser goes on with the same permission, which is not revoked.
    browser.sign_in(BEN).await?;
    browser.sign_in(BEN).await?;
    assert_eq!(browser.get("/api/me").await?.status, 200);
    assert_eq!(house.revocations(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_discord_that_takes_no_revocations() -> Result<()> {
    let house = House::open("7").await?;
    house.permit(BEN, MANAGE_SERVER);
    let mut browser = house.signed_in(BEN).await?;
    house.discord.state().faults.add(Fault::new("/oauth2/token/revoke", Effect::Silence));
    let began = std::time::Instant::now();
    assert_eq!(browser.post("/logout", "").await?.status, 204);
    assert!(began.elapsed().as_secs() < 4, "the answer waited for Discord");
    house.edge.wait_for_log("could not be revoked")?;
    assert_eq!(house.revocations(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_by_age_is_revoked_and_one_of_an_older_release_is_encrypted() -> Result<()> {
    let house = House::open_with("7", 600_000, Edge::start_faulty_with).await?;
    house.permit(BEN, MANAGE_SERVER);
    let mut browser = house.signed_in(BEN).await?;
    let kept = || house.edge.rows("Room", "SELECT visitor FROM signed_in");
    house.edge.let_run(
        "Room",
        r#"UPDATE signed_in SET visitor = json_set(json_remove(visitor, '$.sealed', '$.local'), '$.token', json('{"access":"user-102","refresh":"refresh-102"}'))"#,
    )?;
    assert_eq!(browser.get("/api/me").await?.status, 200);
    assert!(kept()?[0].contains("refresh-102"), "{:?}", kept()?);
    house.edge.evict_room()?;
    assert_eq!(browser.get("/api/me").await?.json()?["id"], json!(BEN));
    assert!(!kept()?[0].contains("refresh-102") && kept()?[0].contains("sealed"), "{:?}", kept()?);

    house.edge.let_run("Room", "UPDATE signed_in SET seen_at = 1")?;
    assert_eq!(browser.get("/api/me").await?.status, 401, "too old");
    until("it is revoked", async || Ok(house.revocations() == 1)).await?;
    Ok(())
}
