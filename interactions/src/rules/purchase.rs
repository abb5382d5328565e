//! Things on a shelf, and what they cost.

use protocol::{Coins, Timestamp};

use super::{Account, OTHER_XP, Refusal};

/// The most that can be bought at a time.
pub const QUANTITY_MAX: u64 = 1_000;

/// Something on the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its number; never given to another one.
    pub id: u64,
    /// Its name, cleaned.
    pub name: String,
    /// One line about it, cleaned; at most 100 characters.
    pub description: Option<String>,
    /// The price of one, at least 1.
    pub price: Coins,
    /// The number that is left; `None` is without end.
    pub stock: Option<u64>,
    /// The most that one player may hold; `None` is without limit.
    pub per_player: Option<u64>,
}

/// A purchase that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The buyer's account after it.
    pub account: Account,
    /// The item after it.
    pub item: Item,
    /// The number that the buyer holds after it.
    pub held: u64,
    /// The price of all together.
    pub cost: Coins,
}

/// Buys. `held` is how many of it the buyer has. Refusals: `frozen`, `bad_quantity`, `out_of_stock`,
/// `item_limit`, `insufficient_funds`.
pub fn purchase(
    mut account: Account,
    mut item: Item,
    held: u64,
    quantity: u64,
    now: Timestamp,
) -> Result<Purchase, Refusal> {
    account.check_free()?;
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(Refusal::BadQuantity);
    }
    if let Some(left) = item.stock.filter(|&left| left < quantity) {
        return Err(Refusal::OutOfStock { left });
    }
    let after = held.saturating_add(quantity);
    if let Some(max) = item.per_player.filter(|&max| after > max) {
        return Err(Refusal::ItemLimit { max });
    }
    let cost = i64::try_from(quantity).ok().and_then(|quantity| item.price.get().checked_mul(quantity));
    let Some(cost) = cost.map(Coins::new).filter(|&cost| cost <= account.balance) else {
        return Err(Refusal::InsufficientFunds { balance: account.balance });
    };
    account.balance = account.balance.saturating_minus(cost);
    item.stock = item.stock.map(|left| left - quantity);
    account.grow(OTHER_XP, now.day());
    Ok(Purchase { account, item, held: after, cost })
}
