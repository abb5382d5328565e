//! The shop, and who holds what.

use protocol::{Timestamp, UserId, text::fold, time::MINUTE_MS};

use super::{Books, BooksError, row::Reader};
use crate::{
    rules::Item,
    sql::{Row, Sql, Value},
};

/// The most items for sale.
pub const SHOP_MAX: u64 = 100;
/// The time for which an act waits for its button, in milliseconds: as long as the interaction's token holds.
pub(super) const PENDING_MAX_MS: u64 = 15 * MINUTE_MS;

/// The number of one item that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The item's current name.
    pub name: String,
    /// The number, at least 1.
    pub quantity: u64,
}

const COLUMNS: &str = "id, name, description, price, stock, per_player";

impl<S: Sql> Books<S> {
    /// The shelf by name, with at most [`SHOP_MAX`] items.
    pub fn shop_items(&self) -> Result<Vec<Item>, BooksError> {
        let statement = format!("SELECT {COLUMNS} FROM items WHERE removed = 0 ORDER BY name LIMIT ?");
        self.sql.query(&statement, &[SHOP_MAX.into()])?.into_iter().map(read).collect()
    }

    /// The item of this name that is for sale, however it is capitalised or spelled in Unicode.
    pub fn item(&self, name: &str) -> Result<Option<Item>, BooksError> {
        let key = fold(name);
        let statement = format!("SELECT {COLUMNS} FROM items WHERE removed = 0 AND key = ?");
        let found = self.sql.query(&statement, &[key.as_str().into()])?.into_iter().next();
        let found = found.map(read).transpose()?.filter(|item| fold(&item.name) == key);
        if found.is_some() {
            return Ok(found);
        }
        // A release that knows no keys may have written beside this one.
        Ok(self.shop_items()?.into_iter().find(|item| fold(&item.name) == key))
    }

    /// The number that the next new item gets.
    pub fn next_item(&self) -> Result<u64, BooksError> {
        let row = self.sql.query("SELECT id FROM items ORDER BY id DESC LIMIT 1", &[])?.into_iter().next();
        row.map_or(Ok(1), |row| Ok(Reader::new("items", Some(row)).unsigned()? + 1))
    }

    /// Returns the number of an item that somebody holds; 0 for none.
    pub fn held(&self, user: UserId, item: u64) -> Result<u64, BooksError> {
        let statement = "SELECT quantity FROM holdings WHERE user = ? AND item = ?";
        let row = self.sql.query(statement, &[user.into(), item.into()])?.into_iter().next();
        row.map_or(Ok(0), |row| Reader::new("holdings", Some(row)).unsigned())
    }

    /// Returns the items that somebody holds, in the order in which they came into the shop.
    pub fn holdings(&self, user: UserId) -> Result<Vec<Holding>, BooksError> {
        let statement = "SELECT name, quantity FROM holdings CROSS JOIN items ON id = item
            WHERE user = ? ORDER BY item";
        let rows = self.sql.query(statement, &[user.into()])?.into_iter();
        rows.map(|row| {
            let mut row = Reader::new("holdings", Some(row));
            Ok(Holding { name: row.text()?, quantity: row.unsigned()? })
        })
        .collect()
    }

    /// Returns the JSON of the call that waits for its button, if it still does.
    pub fn pending(&self, id: protocol::InteractionId, now: Timestamp) -> Result<Option<String>, BooksError> {
        let statement = "SELECT call FROM pending WHERE id = ? AND at > ?";
        let parameters = [id.to_string().into(), now.minus(PENDING_MAX_MS).into()];
        let row = self.sql.query(statement, &parameters)?.into_iter().next();
        row.map(|row| Reader::new("pending", Some(row)).text()).transpose()
    }

    pub(super) fn write_item(&self, item: &Item) -> Result<(), BooksError> {
        let statement = "INSERT INTO items (id, name, description, price, stock, per_player, key)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (id) DO UPDATE
            SET name = ?2, description = ?3, price = ?4, stock = ?5, per_player = ?6, key = ?7";
        let parameters: [Value; 7] = [
            item.id.into(),
            item.name.as_str().into(),
            item.description.as_deref().into(),
            item.price.into(),
            item.stock.into(),
            item.per_player.into(),
            fold(&item.name).into(),
        ];
        self.write(statement, &parameters)
    }

    pub(super) fn remove_item(&self, id: u64) -> Result<(), BooksError> {
        self.write("UPDATE items SET removed = 1 WHERE id = ?", &[id.into()])
    }

    pub(super) fn write_holding(&self, user: UserId, item: u64, quantity: u64) -> Result<(), BooksError> {
        let statement = "INSERT INTO holdings (user, item, quantity) VALUES (?1, ?2, ?3)
            ON CONFLICT (user, item) DO UPDATE SET quantity = ?3";
        self.write(statement, &[user.into(), item.into(), quantity.into()])
    }
}

fn read(row: Row) -> Result<Item, BooksError> {
    let mut row = Reader::new("items", Some(row));
    Ok(Item {
        id: row.unsigned()?,
        name: row.text()?,
        description: row.optional_text()?,
        price: row.coins()?,
        stock: row.optional()?,
        per_player: row.optional()?,
    })
}
