//! People's text in Discord's markdown: escaped where it would be read as markup, isolated where it would turn the order of
//! a line around; and counts in words. What is kept of it at all is decided by [`protocol::text`].

pub use protocol::sentence::{coins, grouped};
use protocol::{
    Timestamp,
    text::{self, NAME_MAX_CHARS},
};

/// The longest note or reason, in characters.
pub const NOTE_MAX_CHARS: usize = 100;

/// A name as it is kept; empty when nothing of it can be seen.
pub fn clean_name(name: &str) -> String {
    text::name(name, NAME_MAX_CHARS).unwrap_or_default()
}

/// A note as it is kept, on one line; empty when nothing of it can be seen.
pub fn clean_note(note: &str) -> String {
    Some(text::clean(note)).filter(|note| !text::is_blank(note)).unwrap_or_default()
}

/// A note as it fits into a list of ten; the whole of it stands in the journal.
pub fn brief(note: &str) -> String {
    if note.chars().count() <= NOTE_MAX_CHARS {
        return note.to_owned();
    }
    text::shortened(note, NOTE_MAX_CHARS - 1).to_owned() + "…"
}

/// A moment that Discord shows as "in 3 hours".
pub fn relative_time(at: Timestamp) -> String {
    format!("<t:{}:R>", at.seconds())
}

/// A moment that Discord shows as a date.
pub fn date(at: Timestamp) -> String {
    format!("<t:{}:D>", at.seconds())
}

/// Returns somebody's text as a part of a line in Discord: escaped, and isolated.
pub fn shown(text: &str) -> String {
    text::isolated(&escape(text)).into_owned()
}

/// The same characters, none of which Discord reads as markup or a mention.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut only_digits = true;
    for c in text.chars() {
        let numbers_a_list = c == '.' && only_digits && !escaped.is_empty();
        if numbers_a_list
            || matches!(
                c,
                '\\' | '*'
                    | '_'
                    | '~'
                    | '`'
                    | '|'
                    | '>'
                    | '<'
                    | '#'
                    | '['
                    | ']'
                    | '('
                    | ')'
                    | '-'
                    | '+'
                    | ':'
            )
        {
            escaped.push('\\');
        }
        escaped.push(c);
        if c == '@' {
            escaped.push('\u{200b}'); // Breaks @everyone, which a backslash does not.
        }
        only_digits &= c.is_ascii_digit();
    }
    escaped
}

/// `1 day`, `2 days`.
pub fn count(number: i64, unit: &str) -> String {
    format!("{} {unit}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The same, of what can only be counted up.
pub fn counted(number: u64, unit: &str) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_mentions_are_only_characters() {
        assert_eq!(escape("**bold** <@1> [a](b)"), "\\*\\*bold\\*\\* \\<@\u{200b}1\\> \\[a\\]\\(b\\)");
        assert_eq!(escape("@everyone"), "@\u{200b}everyone");
        assert_eq!(escape("99. x 1.5"), "99\\. x 1.5", "no list begins");
        assert_eq!(escape("+ x"), "\\+ x");
    }

    #[test]
    fn what_is_written_from_right_to_left_stays_in_its_place() {
        assert_eq!(shown("*ﷺ*"), "\u{2068}\\*ﷺ\\*\u{2069}");
        assert_eq!(shown("_Ann_"), "\\_Ann\\_");
    }
}
