//! Typed input: understood and sent as it was typed, or refused beside its field with an example. It is never taken for
//! another number than it looks like.

use protocol::number::{self, NumberError, PERCENT, TENTHS, WHOLE};

use super::alert::Tenths;

/// The values that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words that have to be there.
    Words,
    /// Words that may be none.
    Note,
    /// Coins, or another whole number.
    Whole,
    /// A whole percentage, not below zero.
    Percent,
    /// A whole number, or no limit.
    Limit,
    /// On, or off; any text is taken.
    Switch,
}

/// Reads a field. `was` is what stood in it at first, where leaving that alone says nothing: then it is `Ok(false)`, and not
/// sent. An error is a sentence for the reader.
pub fn read(kind: Kind, typed: &str, was: Option<&str>) -> Result<bool, String> {
    let typed = typed.trim();
    if was == Some(typed) {
        return Ok(false);
    }
    match kind {
        Kind::Words if typed.is_empty() => return Err("Write something here.".to_owned()),
        Kind::Words | Kind::Note | Kind::Switch => {}
        Kind::Whole => not_negative(WHOLE.parse(typed), typed)?,
        Kind::Percent => not_negative(PERCENT.parse(typed), typed)?,
        Kind::Limit if number::is_endless(typed) => {}
        Kind::Limit => not_negative(WHOLE.parse(typed), typed)
            .map_err(|trouble| [trouble.trim_end_matches('.'), ", or no limit."].concat())?,
    }
    Ok(true)
}

/// Reads a threshold in tenths; an empty one is none. Both ends of what it may be are in tenths, too.
pub fn threshold(typed: &str, [least, most]: [i64; 2]) -> Result<Option<Tenths>, String> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let tenths = TENTHS.parse(typed).map_err(|error| sentence(&error))?;
    if !(least..=most).contains(&tenths) {
        let shown =
            |tenths: i64| u32::try_from(tenths).map(|tenths| Tenths(tenths).write()).unwrap_or_default();
        return Err(["From ", &shown(least), " to ", &shown(most), ", or empty to watch nothing."].concat());
    }
    Ok(u32::try_from(tenths).ok().map(Tenths))
}

fn not_negative(read: Result<i64, NumberError>, typed: &str) -> Result<(), String> {
    let number = read.map_err(|error| sentence(&error))?;
    if number >= 0 {
        return Ok(());
    }
    Err(["“", &number::shown(typed), "” is below zero."].concat())
}

fn sentence(error: &NumberError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_sent_or_refused_and_never_left_out() {
        let all = [Kind::Words, Kind::Note, Kind::Whole, Kind::Percent, Kind::Limit];
        //                       words  note   whole  percent limit
        for (typed, is_taken) in [
            ("ten", [true, true, false, false, false]),
            ("10", [true, true, true, true, true]),
            ("1,000", [true, true, true, true, true]),
            ("1.000", [true, true, true, true, true]),
            ("1,5", [true, true, false, false, false]),
            ("12,50", [true, true, false, false, false]),
            ("7,5 %", [true, true, false, false, false]),
            ("7 %", [true, true, false, true, false]),
            ("-1", [true, true, false, false, false]),
            ("no limit", [true, true, false, false, true]),
            ("1e3", [true, true, false, false, false]),
            ("0x10", [true, true, false, false, false]),
            ("99999999999999999999", [true, true, false, false, false]),
            ("١٠", [true, true, true, true, true]),
            ("", [false, true, false, false, false]),
            ("   ", [false, true, false, false, false]),
        ] {
            for (kind, is_taken) in all.into_iter().zip(is_taken) {
                let read = read(kind, typed, None);
                assert_eq!(read.is_ok(), is_taken, "{kind:?} {typed:?}: {read:?}");
                assert_ne!(read, Ok(false), "{kind:?} {typed:?} is not left out");
                if let Err(trouble) = read {
                    assert!(trouble.ends_with('.'), "{trouble}");
                }
            }
        }
    }

    #[test]
    fn what_stood_there_is_not_sent_and_what_was_emptied_is() {
        assert_eq!(read(Kind::Limit, "7", Some("7")), Ok(false));
        assert_eq!(read(Kind::Note, "", Some("It burns")), Ok(true));
        assert!(read(Kind::Words, "", Some("Lantern")).is_err(), "a name is not taken away");
        assert!(read(Kind::Limit, "", Some("7")).is_err(), "an empty stock could be none, or no limit");
        assert_eq!(
            read(Kind::Limit, "ten", None).unwrap_err(),
            "“ten” is not a number; write it like 1500 or 1,500, or no limit."
        );
    }

    #[test]
    fn thresholds_are_tenths_or_none() {
        const LATENCY: [i64; 2] = [10, 600_000];
        for (typed, expected) in [
            ("", Ok(None)),
            (" ", Ok(None)),
            ("250", Ok(Some(Tenths(2_500)))),
            ("0.5", Err(())),
            ("70000", Err(())),
            ("fast", Err(())),
        ] {
            assert_eq!(threshold(typed, LATENCY).map_err(drop), expected, "{typed:?}");
        }
        assert_eq!(threshold("101", [1, 1_000]).unwrap_err(), "From 0.1 to 100, or empty to watch nothing.");
    }
}
