//! Handling times in few numbers: counts in bins whose width grows with the time.

use std::collections::BTreeMap;

/// Bins of handling times: exact below 32 ms, then 8 to each doubling.
pub(super) fn handling_bin(ms: u32) -> u16 {
    if ms < 32 {
        return u16::try_from(ms).unwrap_or(0);
    }
    let doubling = ms.ilog2() - 5;
    let eighth = (ms >> (doubling + 2)) & 7;
    u16::try_from(32 + doubling * 8 + eighth).unwrap_or(u16::MAX)
}

/// The lower end of a bin, in milliseconds.
fn handling_bin_ms(bin: u16) -> u32 {
    if bin < 32 {
        return u32::from(bin);
    }
    let (doubling, eighth) = ((u32::from(bin) - 32) / 8, (u32::from(bin) - 32) % 8);
    (8 + eighth) << (doubling + 2)
}

/// The time that so many percent do not exceed, as the lower end of its bin; `None` when there is none.
pub(super) fn percentile(bins: &BTreeMap<u16, u32>, percent: u64) -> Option<u32> {
    let total: u64 = bins.values().map(|&count| u64::from(count)).sum();
    let rank = (total * percent).div_ceil(100).max(1);
    let mut seen = 0;
    bins.iter()
        .find(|&(_, &count)| {
            seen += u64::from(count);
            seen >= rank
        })
        .map(|(&bin, _)| handling_bin_ms(bin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_begins_where_its_times_do() {
        for ms in (0..5_000).chain([65_535, 1_000_000, u32::MAX]) {
            let low = handling_bin_ms(handling_bin(ms));
            assert!(low <= ms && u64::from(ms) < u64::from(low) * 9 / 8 + 1, "{ms} ms fell to {low} ms");
        }
    }

    #[test]
    fn percentiles_of_few() {
        let bins = BTreeMap::from([(2, 98), (7, 1), (30, 1)]);
        assert_eq!(percentile(&bins, 50), Some(2));
        assert_eq!(percentile(&bins, 99), Some(7));
        assert_eq!(percentile(&BTreeMap::new(), 50), None);
    }
}
