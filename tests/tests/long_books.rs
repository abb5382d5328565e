//! A journal that has grown long is read in pieces: players are answered in between, and the answer says where to go on.

use anyhow::{Context, Result};
use discord_sim::Guild;
use protocol::{UserId, audit::Proof};
use serde_json::Value;
use tests::{
    Edge,
    edge::{ADMIN_TOKEN, http},
    people::{balance, daily, guild, player},
};

/// Rows of a long journal, and the players whose claims they are.
const ROWS: u64 = 100_000;
const PLAYERS: u64 = 50_000;

/// The player of this number in a long journal.
fn claimer(number: u64) -> UserId {
    UserId((400_000_000_000 + number) << 20)
}

/// Books in which many claims lie already, as though they had been played and delivered.
async fn long_books(edge: &Edge) -> Result<Guild> {
    let (home, first) = (guild(), claimer(0));
    edge.let_run(
        "Guild",
        &format!(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {ROWS}), \
             row (n, user) AS (SELECT n, CAST({first} + ((n % {PLAYERS}) << 20) AS TEXT) FROM number) \
             INSERT INTO journal (seq, id, at, command, outcome, debit, credit, amount, tax, actor, handled_ms, active, \
             reply, players, wealth, levels, mint, burn) SELECT n, CAST(900000000000 + n AS TEXT), n, 'daily', 'done', \
             'mint', user, 100, 0, user, 1, 1, '{{}}', {PLAYERS}, n * 100, 0, n * -100, 0 FROM row; \
             INSERT INTO accounts (user, name, balance, xp, xp_day, xp_today, streak, freezes, created_at, last_at) \
             SELECT credit, 'Player', SUM(amount), 0, 0, 0, 0, 0, 0, 0 FROM journal GROUP BY credit; \
             UPDATE outbox SET acknowledged = {ROWS}; UPDATE upkeep SET pruned_to = {ROWS}"
        ),
    )?;
    edge.post_at_once(vec![daily(&home, &player("Ann"))]).await?;
    Ok(home)
}

/// A page's rows, and the address of the next page.
async fn page(edge: &Edge, path: &str) -> Result<(Vec<u64>, Option<String>)> {
    let response = http().get(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
    assert_eq!(response.status(), 200, "{path}");
    let next = match response.headers().get("Link") {
        Some(link) => {
            let link = link.to_str()?;
            let place = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
            Some(place.with_context(|| format!("not a link: {link}"))?.to_owned())
        }
        None => None,
    };
    let rows: Vec<Value> = response.json().await?;
    Ok((rows.iter().filter_map(|row| row["seq"].as_u64()).collect(), next))
}

#[tokio::test(flavor = "multi_thread")]
async fn players_are_answered_while_a_long_journal_is_proven() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let home = long_books(&edge).await?;
    let url = format!("{}/api/guilds/{}/proof", edge.url, home.id);
    let proof = tokio::spawn(http().get(&url).bearer_auth(ADMIN_TOKEN).send());
    let (bea, mut answered, mut refused) = (player("Bea"), 0, false);
    while !proof.is_finished() {
        edge.post_at_once(vec![balance(&home, &bea)]).await?;
        answered += 1;
        if answered == 3 {
            let second = http().get(&url).bearer_auth(ADMIN_TOKEN).send().await?;
            let wait = second.headers().get("Retry-After").map(|seconds| seconds.to_str().map(str::to_owned));
            refused = (second.status().as_u16(), wait.transpose()?.as_deref()) == (429, Some("2"));
        }
    }
    assert!(refused, "a second one at a time");
    // In one piece it would hold the first of them to its end.
    assert!(answered >= 5, "{answered} commands, one after the other, were answered while it ran");
    let proof: Proof = proof.await??.json().await?;
    assert!(proof.rows > ROWS && proof.rows <= ROWS + 1 + answered, "{} rows", proof.rows);
    assert_eq!((proof.accounts, proof.sum.get()), (PLAYERS + 1, 0), "Bea has only looked");
    assert!(proof.mismatches.is_empty(), "{:?}", proof.mismatches);

    let again: Proof = serde_json::from_value(edge.get(&format!("/api/guilds/{}/proof", home.id)).await?)?;
    assert_eq!(again.rows, ROWS + 1 + answered, "one after the other is no hurry");

    // Rows of one player are found, wherever they are.
    let base = format!("/api/guilds/{}/journal", home.id);
    let (rows, next) = page(&edge, &format!("{base}?player={}&limit=5", claimer(7))).await?;
    assert_eq!((rows, next), (vec![PLAYERS + 7, 7], None));
    let (rows, next) = page(&edge, &format!("{base}?player={}&limit=1&only=changes", claimer(7))).await?;
    assert_eq!(rows, [PLAYERS + 7]);
    assert_eq!(page(&edge, &next.context("a next page")?).await?.0, [7]);
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_not_the_last_says_where_the_next_one_is() -> Result<()> {
    let edge = Edge::shared();
    let (home, ann, bob) = (guild(), player("Ann"), player("Bob"));
    for who in [&ann, &bob, &ann, &bob, &ann] {
        edge.post_at_once(vec![daily(&home, who)]).await?;
    }
    let base = format!("/api/guilds/{}/journal", home.id);
    for (question, expected) in [
        ("limit=2", vec![5, 4, 3, 2, 1]),
        ("limit=2&before=4&only=", vec![3, 2, 1]),
        (&format!("limit=1&player={}", ann.id), vec![5, 3, 1]),
        ("only=changes&limit=1", vec![2, 1]),
        ("limit=200", vec![5, 4, 3, 2, 1]),
    ] {
        let (mut found, mut place) = (Vec::new(), Some(format!("{base}?{question}")));
        while let Some(path) = place {
            let (rows, next) = page(edge, &path).await?;
            found.extend(rows);
            place = next;
        }
        assert_eq!(found, expected, "{question}");
    }
    let table = http().get(format!("{}{base}.csv?limit=2", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
    let next = table.headers()["Link"].to_str()?.to_owned();
    assert!(next.contains("/journal.csv?") && next.contains("before=4"), "{next}");
    Ok(())
}
