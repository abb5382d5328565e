//! `GET /api/guilds/{id}/…`: an administrator reads a server's books. What is long is asked for piece by piece.

use interactions::books::audit::{JournalPiece, journal_csv};
use protocol::{GuildId, JournalSeq, audit::JournalRow, time::SECOND_MS};
use worker::{Request, Response, Url};

use super::authorize;
use crate::{
    answer::{Problem, csv_response},
    query::journal_limit,
    session::Credential,
    settings::Settings,
    stubs::guild::{self, PROVE, Piece, ProofRequest},
};

/// The most pieces that are asked for in one answer. Beyond it the answer says where to go on, though its page is not full.
const PIECES_MAX: usize = 40;
/// The wait before another try while another proof is under way, in milliseconds.
const BUSY_MS: u64 = 2 * SECOND_MS;
/// An object that is moved, or started anew, forgets what was under way; so often it is begun again.
const BEGIN_AGAIN: usize = 2;

/// Hands a reader who may look to the object.
pub async fn audit(
    request: &Request,
    settings: &Settings,
    id: &str,
    path: &str,
) -> Result<Response, Problem> {
    let credential = Credential::of(request, settings)?; // Who is nobody is not told which addresses there are.
    let server: GuildId = id.parse().map_err(|_| Problem::not_found())?;
    authorize::admit(&credential, settings, server).await?;
    match path {
        "proof" => prove(&credential, server, settings).await,
        "journal" | "journal.csv" => read_journal(request, settings, server, path == "journal.csv").await,
        _ => {
            let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
            guild::read(settings, server, &format!("{path}{search}")).await
        }
    }
}

/// Reads as many pieces of the journal as the page takes.
async fn read_journal(
    request: &Request,
    settings: &Settings,
    server: GuildId,
    as_table: bool,
) -> Result<Response, Problem> {
    let url = request.url()?;
    let limit = journal_limit(request)?;
    let mut rows: Vec<JournalRow> = Vec::new();
    let mut next = None;
    for _ in 0..PIECES_MAX {
        let place = going_on(&url, next, limit - rows.len() as u64);
        let mut answer =
            guild::read(settings, server, &format!("journal/piece?{}", place.query().unwrap_or_default()))
                .await?;
        if answer.status_code() != 200 {
            return Ok(answer);
        }
        let piece: JournalPiece = answer.json().await?;
        rows.extend(piece.rows);
        next = piece.next;
        if next.is_none() || rows.len() as u64 >= limit {
            break;
        }
    }
    let response = if as_table { csv_response(journal_csv(&rows))? } else { Response::from_json(&rows)? };
    if next.is_some() {
        let place = going_on(&url, next, limit);
        let query = place.query().unwrap_or_default();
        response.headers().set("Link", &format!("<{}?{query}>; rel=\"next\"", place.path()))?;
    }
    Ok(response)
}

/// The same question, of the rows before this one.
fn going_on(asked: &Url, before: Option<JournalSeq>, limit: u64) -> Url {
    let mut place = asked.clone();
    let kept = |name: &str| name != "limit" && (before.is_none() || !["before", "around"].contains(&name));
    let pairs: Vec<_> = asked.query_pairs().filter(|(name, _)| kept(name)).collect();
    let mut query = place.query_pairs_mut();
    query.clear().extend_pairs(pairs).append_pair("limit", &limit.to_string());
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    drop(query);
    place
}

/// Asks for one piece after the other; gives the proof.
async fn prove(credential: &Credential, server: GuildId, settings: &Settings) -> Result<Response, Problem> {
    let mut asked = ProofRequest { who: credential.to_header(), id: None };
    let mut begun = 0;
    loop {
        let mut answer = guild::post(&server.to_string(), PROVE, &asked, settings).await?;
        if answer.status_code() != 200 {
            return Ok(answer);
        }
        match answer.json().await? {
            Piece::Proven(proof) => return Ok(Response::from_json(&proof)?),
            Piece::UnderWay(id) => asked.id = Some(id),
            Piece::Busy => return Err(busy()),
            Piece::Lost if begun < BEGIN_AGAIN => {
                asked.id = None;
                begun += 1;
            }
            Piece::Lost => {
                let message = "The books were started anew while they were replayed. Ask again.";
                return Err(Problem::new(503, "unavailable", message).retry_after(BUSY_MS));
            }
        }
    }
}

fn busy() -> Problem {
    let message = "Another proof of these books is under way. One session has one at a time.";
    Problem::new(429, "proof_under_way", message).retry_after(BUSY_MS)
}
