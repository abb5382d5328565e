//! `GET /api/guilds/{id}/proof`: the whole journal is replayed, a piece a request to the object, so that it answers commands in
//! between; and what was begun is carried on by whoever began it.

use std::{cell::RefCell, time::Duration};

use interactions::{BooksError, books::proof::Proving};
use protocol::{Timestamp, audit::Proof, time::SECOND_MS};
use worker::{Request, Response};

use super::{Inner, reading::unread};
use crate::{
    answer::Problem,
    clock::now,
    stubs::guild::{Piece, ProofRequest},
};

/// Steps of a proof within one request, so that long books take few requests. The object is free between two steps.
const STEPS_A_PIECE: usize = 20;
/// Proofs of one server that are under way at a time, in all: each has a row of memory for every player.
const UNDER_WAY_MAX: usize = 8;
/// A proof that nobody has carried on for so long is let go of, in milliseconds.
const LEASE_MS: u64 = 10 * SECOND_MS;

/// A proof that is under way.
struct UnderWay {
    id: String,
    who: String,
    proving: Proving,
    carried_on_at: Timestamp,
}

/// Those that are under way. Lost with the object.
#[derive(Default)]
pub(super) struct Proofs(RefCell<Vec<UnderWay>>);

impl Inner {
    /// The object's end: some steps of a proof.
    pub(super) async fn prove_piece(&self, request: &mut Request) -> Result<Response, Problem> {
        let ProofRequest { who, id } = request.json().await?;
        let id = match id {
            Some(id) => id,
            None => match self.proofs.begin(now(), who)? {
                Some(id) => id,
                None => return Ok(Response::from_json(&Piece::Busy)?),
            },
        };
        for _ in 0..STEPS_A_PIECE {
            let step = self.proofs.carry_on(now(), &id, |proving| self.books.prove_on(proving));
            match step.transpose().map_err(unread)? {
                None => return Ok(Response::from_json(&Piece::Lost)?),
                Some(Some(proof)) => return Ok(Response::from_json(&Piece::Proven(proof))?),
                // Whatever waits for the object goes first.
                Some(None) => worker::Delay::from(Duration::ZERO).await,
            }
        }
        Ok(Response::from_json(&Piece::UnderWay(id))?)
    }
}

impl Proofs {
    /// Begins one; `None` while this session has one under way, or too many others have.
    fn begin(&self, now: Timestamp, who: String) -> Result<Option<String>, Problem> {
        let mut under_way = self.0.borrow_mut();
        under_way.retain(|proof| now.since(proof.carried_on_at) < LEASE_MS);
        if under_way.len() >= UNDER_WAY_MAX || under_way.iter().any(|proof| proof.who == who) {
            return Ok(None);
        }
        let entropy = super::entropy().map_err(|error| Problem::failure("A proof has no name", &error))?;
        let id = format!("{entropy:016x}");
        under_way.push(UnderWay { id: id.clone(), who, proving: Proving::default(), carried_on_at: now });
        Ok(Some(id))
    }

    /// Carries one on; `None` when it is not known. One that has ended, or failed, is let go of.
    fn carry_on(
        &self,
        now: Timestamp,
        id: &str,
        step: impl FnOnce(&mut Proving) -> Result<Option<Proof>, BooksError>,
    ) -> Option<Result<Option<Proof>, BooksError>> {
        let mut under_way = self.0.borrow_mut();
        let place = under_way.iter().position(|proof| proof.id == id)?;
        let proof = &mut under_way[place];
        proof.carried_on_at = now;
        let stepped = step(&mut proof.proving);
        if !matches!(stepped, Ok(None)) {
            under_way.remove(place);
        }
        Some(stepped)
    }
}
