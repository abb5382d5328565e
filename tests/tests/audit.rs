//! Reads of a server's books by administrators, and the races that the books must survive.

use anyhow::Result;
use discord_sim::{Guild, Player};
use serde_json::{Value, json};
use tests::{
    Edge,
    edge::{ADMIN_TOKEN, http},
    people::{balance, daily, guild, pay, player},
};

async fn assert_proven(edge: &Edge, guild: &Guild) -> Result<Value> {
    let proof = edge.get(&format!("/api/guilds/{}/proof", guild.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])), "{proof}");
    assert_eq!(proof["lowestBalance"], "0", "{proof}");
    Ok(proof)
}

async fn held(edge: &Edge, guild: &Guild, who: &Player) -> Result<i64> {
    let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, who.id)).await?;
    Ok(profile["balance"].as_str().unwrap_or_default().parse()?)
}

async fn at_once(edge: &Edge, bodies: Vec<Value>) -> Result<Vec<Value>> {
    let replies = edge.post_at_once(bodies).await?;
    Ok(replies.iter().map(|reply| serde_json::from_slice(reply)).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn the_journal_the_account_and_the_proof_agree() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
    at_once(edge, vec![daily(&guild, &ann)]).await?;
    at_once(edge, vec![pay(&guild, &ann, &bob, 30)]).await?;
    at_once(edge, vec![pay(&guild, &ann, &bob, 1_000)]).await?;
    at_once(edge, vec![balance(&guild, &bob)]).await?;

    let journal = edge.get(&format!("/api/guilds/{}/journal", guild.id)).await?;
    let commands: Vec<_> =
        journal.as_array().unwrap().iter().map(|row| row["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["balance", "pay", "pay", "daily"]);
    let (refused, paid) = (&journal[1], &journal[2]);
    assert_eq!((&refused["debit"], &refused["amount"]), (&Value::Null, &json!("0")));
    assert_eq!(paid["debit"], json!(ann.id));
    assert_eq!((&paid["credit"], &paid["targetId"]), (&json!(bob.id), &json!(bob.id)));
    assert_eq!(
        (&paid["amount"], &paid["tax"], &paid["balanceAfter"]),
        (&json!("30"), &json!("0"), &json!("70"))
    );
    let names = |row: &Value| ["actorName", "debitName", "creditName"].map(|name| row[name].clone());
    assert_eq!(names(paid), [json!("Ann"), json!("Ann"), json!("Bob")]);
    assert_eq!(names(refused), [json!("Ann"), Value::Null, Value::Null]);
    assert_eq!(journal[3]["debit"], "mint");

    let base = format!("/api/guilds/{}/journal", guild.id);
    let seqs = async |query: &str| {
        let rows = edge.get(&format!("{base}?{query}")).await?;
        anyhow::Ok(rows.as_array().unwrap().iter().map(|row| row["seq"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(seqs("only=changes").await?, [2, 1], "neither the refusal nor the read");
    let around = format!("around={}&limit=2", paid["id"].as_str().unwrap());
    assert_eq!(seqs(&around).await?, [4, 3]);

    let page =
        edge.get(&format!("/api/guilds/{}/journal?before=3&limit=1&player={}", guild.id, bob.id)).await?;
    assert_eq!((page.as_array().unwrap().len(), &page[0]["seq"]), (1, &json!(2)));
    assert_eq!(held(edge, &guild, &bob).await?, 30);
    let proof = assert_proven(edge, &guild).await?;
    assert_eq!((&proof["rows"], &proof["accounts"]), (&json!(4), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn the_journal_is_also_a_table_for_spreadsheets() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    at_once(edge, vec![daily(&guild, &ann)]).await?;
    let url = format!("{}/api/guilds/{}/journal.csv", edge.url, guild.id);
    let response = http().get(url).bearer_auth(ADMIN_TOKEN).send().await?;
    assert!(response.headers()["content-type"].to_str()?.starts_with("text/csv"));
    let csv = response.text().await?;
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("\u{feff}seq,id,at,command,"));
    assert!(lines[1].contains(&format!("\"daily\",\"mint\",\"'{}\",100,0,", ann.id)), "{csv}");
    Ok(())
}

#[tokio::test]
async fn the_books_are_read_by_those_who_may() -> Result<()> {
    let edge = Edge::shared();
    let guild = guild();
    let base = format!("/api/guilds/{}", guild.id);
    let cases = [
        (format!("{base}/proof"), None, 401),
        (format!("{base}/journal"), Some("wrong"), 401),
        (format!("{base}/players/1"), Some(ADMIN_TOKEN), 404),
        (format!("{base}/players/x"), Some(ADMIN_TOKEN), 404),
        (format!("{base}/nothing"), Some(ADMIN_TOKEN), 404),
        (format!("{base}/answer"), Some(ADMIN_TOKEN), 404),
        ("/api/guilds/x/proof".to_owned(), Some(ADMIN_TOKEN), 404),
        (format!("{base}/journal?limit=0"), Some(ADMIN_TOKEN), 400),
        (format!("{base}/journal?player=x"), Some(ADMIN_TOKEN), 400),
        (format!("{base}/journal?only=payments"), Some(ADMIN_TOKEN), 400),
        (format!("{base}/journal?around=x"), Some(ADMIN_TOKEN), 400),
        (format!("{base}/journal?around=1"), Some(ADMIN_TOKEN), 404),
        (format!("{base}/proof"), Some(ADMIN_TOKEN), 200),
    ];
    for (path, token, status) in cases {
        let mut request = http().get(format!("{}{path}", edge.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_eq!(request.send().await?.status().as_u16(), status, "{path} with {token:?}");
    }
    Ok(())
}

#[tokio::test]
async fn sixty_four_claims_at_once_pay_one_daily() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    let replies = at_once(edge, (0..64).map(|_| daily(&guild, &ann)).collect()).await?;
    let paid = replies.iter().filter(|reply| reply["data"]["flags"] != 64).count();
    assert_eq!((paid, held(edge, &guild, &ann).await?), (1, 100));
    assert_proven(edge, &guild).await?;
    Ok(())
}

#[tokio::test]
async fn the_same_coins_cannot_be_paid_to_sixty_four_people() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    at_once(edge, vec![daily(&guild, &ann)]).await?;
    let payments = (0..64).map(|number| pay(&guild, &ann, &player(&format!("P{number}")), 100)).collect();
    let replies = at_once(edge, payments).await?;
    let paid = replies.iter().filter(|reply| reply["data"]["flags"] != 64).count();
    assert_eq!((paid, held(edge, &guild, &ann).await?), (1, 0));
    assert_proven(edge, &guild).await?;
    Ok(())
}

#[tokio::test]
async fn five_hundred_payments_each_way_at_once_lose_nothing() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
    at_once(edge, vec![daily(&guild, &ann), daily(&guild, &bob)]).await?;
    let ways =
        (0..1_000).map(|n| if n % 2 == 0 { pay(&guild, &ann, &bob, 1) } else { pay(&guild, &bob, &ann, 1) });
    at_once(edge, ways.collect()).await?;
    assert_eq!(held(edge, &guild, &ann).await? + held(edge, &guild, &bob).await?, 200);
    let proof = assert_proven(edge, &guild).await?;
    assert_eq!(proof["rows"], 1_002);
    Ok(())
}
