//! Bars beside those who lead.

/// `part` of `whole`, in whole percent; `None` when it is beyond an `i64`.
pub fn percent(part: i64, whole: i64) -> Option<i64> {
    i64::try_from(i128::from(part) * 100 / i128::from(whole).max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_for_all_the_money_there_can_be() {
        for (part, whole, share) in [(0, 0, 0), (1, 3, 33), (i64::MAX, i64::MAX, 100)] {
            assert_eq!(percent(part, whole), Some(share), "{part} of {whole}");
        }
    }
}
