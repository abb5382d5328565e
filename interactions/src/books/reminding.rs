//! Players who take no messages of the bot.

use protocol::UserId;

use super::{Books, BooksError, Change};
use crate::{rules::Account, sql::Sql};

impl<S: Sql> Books<S> {
    /// Discord lets the bot write nothing to this player: they are reminded no more until they ask again. No row of the
    /// journal says so, as nobody has asked for anything.
    pub fn remind_no_more(&self, user: UserId) -> Result<(), BooksError> {
        let Some(before) = self.account(user)?.filter(|account| account.remind) else { return Ok(()) };
        let after = Account { remind: false, ..before.clone() };
        self.write_account(&Change { before: Some(before), after })
    }
}
