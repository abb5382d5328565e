//! The maintenance state, as the room last said. It is kept here, so that no command asks the room.

use protocol::record::Maintenance;

use super::{Books, BooksError, row::Reader};
use crate::sql::{Sql, Value};

impl<S: Sql> Books<S> {
    /// Returns the maintenance state as the room last said.
    pub fn maintenance(&self) -> Result<Maintenance, BooksError> {
        self.cached(|kept| Ok(kept.maintenance))
    }

    /// The room says it, perhaps again, perhaps late.
    pub fn hear_of_maintenance(&self, said: Maintenance) -> Result<(), BooksError> {
        if said.change <= self.maintenance()?.change {
            return Ok(());
        }
        let statement = "INSERT OR REPLACE INTO maintenance (only, is_on, change) VALUES (0, ?, ?)";
        let parameters: [Value; 2] = [u64::from(said.is_on).into(), said.change.into()];
        self.write(statement, &parameters)?;
        self.cached(|kept| {
            kept.maintenance = said;
            Ok(())
        })
    }
}

pub(super) fn read(sql: &impl Sql) -> Result<Maintenance, BooksError> {
    let row = sql.query("SELECT is_on, change FROM maintenance WHERE only = 0", &[])?.into_iter().next();
    row.map_or(Ok(Maintenance::default()), |row| {
        let mut row = Reader::new("maintenance", Some(row));
        Ok(Maintenance { is_on: row.unsigned()? == 1, change: row.unsigned()? })
    })
}
