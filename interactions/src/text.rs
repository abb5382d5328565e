//! Names and notes are hostile input: they are cleaned when they come in, and escaped where Discord would read markup.

use crate::ledger::NOTE_MAX_CHARS;

/// The longest name that is kept, in characters. Discord's own limit for nicknames is 32.
pub const NAME_MAX_CHARS: usize = 32;

/// A name without what cannot be seen or turns text around; shortened.
pub fn clean_name(name: &str) -> String {
    one_line(name).chars().take(NAME_MAX_CHARS).collect()
}

/// A note without what cannot be seen or turns text around, on one line.
pub fn clean_note(note: &str) -> String {
    one_line(note)
}

/// A note as it fits into a list of ten; the whole of it stands in the journal.
pub fn brief(note: &str) -> String {
    if note.chars().count() <= NOTE_MAX_CHARS {
        return note.to_owned();
    }
    let kept: String = note.chars().take(NOTE_MAX_CHARS - 1).collect();
    kept + "…"
}

fn one_line(text: &str) -> String {
    let visible: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same characters, none of which Discord reads as markup or a mention.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' | '-' | ':'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
        if c == '@' {
            escaped.push('\u{200b}'); // Breaks @everyone, which a backslash does not.
        }
    }
    escaped
}

/// Digits in groups of three: `1,234,567`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 coin`, `2 coins`.
pub fn coins(amount: protocol::Coins) -> String {
    count(amount.get(), "coin")
}

/// `1 day`, `2 days`.
pub fn count(number: i64, unit: &str) -> String {
    format!("{} {unit}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The same, of what can only be counted up.
pub fn counted(number: u64, unit: &str) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX), unit)
}

/// Controls, zero-width characters and marks that change the direction of text. The joiner of emoji stays.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_readable() {
        let cases = [
            ("Ann", "Ann"),
            ("  Ann\n\tLee ", "Ann Lee"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("\u{200b}\u{2060}", ""),
            ("👩‍🚀 Mia", "👩‍🚀 Mia"),
        ];
        for (name, cleaned) in cases {
            assert_eq!(clean_name(name), cleaned, "{name:?}");
        }
        assert_eq!(clean_name(&"x".repeat(100)).chars().count(), NAME_MAX_CHARS);
    }

    #[test]
    fn markup_and_mentions_are_only_characters() {
        assert_eq!(escape("**bold** <@1> [a](b)"), "\\*\\*bold\\*\\* \\<@\u{200b}1\\> \\[a\\]\\(b\\)");
        assert_eq!(escape("@everyone"), "@\u{200b}everyone");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
