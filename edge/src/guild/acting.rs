//! Actions from the page, and what the room says of maintenance: the object's end, and the Worker's.

use interactions::action::{ActionOutcome, Order};
use protocol::{Timestamp, record::Maintenance};
use worker::{Request, Response};

use super::{AnswerError, Inner};
use crate::{
    answer::{Problem, json, key_reused},
    log,
    stubs::guild::ActionRequest,
};

impl Inner {
    pub(super) async fn act(
        self: &std::rc::Rc<Self>,
        now: Timestamp,
        request: &mut Request,
    ) -> Result<Response, Problem> {
        let ActionRequest { version, order, arrived_at } = request.json().await?;
        match self.acted(now, version, &order, arrived_at) {
            Ok(acted) => {
                Self::push_soon(self, now, order.guild);
                match acted {
                    ActionOutcome::Done(body) => json(body, 200),
                    ActionOutcome::Refused(body) => json(body, 422),
                    ActionOutcome::KeyReused => Err(key_reused()),
                    ActionOutcome::UnknownServer => {
                        Err(Problem::new(404, "unknown_server", "Nobody has used Pulse in this server yet."))
                    }
                }
            }
            Err(error) if error.is_limit() => {
                log::error(&format_args!("server {}: {error}", order.guild));
                Err(Problem::limit(now))
            }
            Err(error) if error.is_full() => {
                log::error(&format_args!("server {}: {error}", order.guild));
                let message = "The storage of this server's books is full. `/economy pause` and `/economy resume` work.";
                Err(Problem::new(507, "store_full", message))
            }
            Err(error) => {
                log::error(&format_args!("server {}: {error}", order.guild));
                let message =
                    "The server's books did not answer. Send the same action again, with the same key.";
                Err(Problem::new(503, "unavailable", message))
            }
        }
    }

    fn acted(
        &self,
        now: Timestamp,
        version: u32,
        order: &Order,
        arrived_at: Timestamp,
    ) -> Result<ActionOutcome, AnswerError> {
        self.check_ready(version, order.guild)?;
        let handled_ms = u32::try_from(now.since(arrived_at)).unwrap_or(u32::MAX);
        let entropy = super::entropy()?;
        self.whole(|books| books.act(now, entropy, order, handled_ms))
    }

    pub(super) fn hear_of_maintenance(&self, said: Maintenance) -> Result<(), Problem> {
        let unkept = |error| Problem::failure("What the room said could not be kept", &error);
        self.whole(|books| books.hear_of_maintenance(said)).map_err(unkept)
    }
}
