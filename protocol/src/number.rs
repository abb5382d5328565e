//! Numbers as people type them: understood, or refused. A mark between digits is never passed over.
//!
//! One reading for the page, commands, actions and command lines: digits of any script, and groups of three, or
//! India's of two and three, as the locales of CLDR write them.

mod digit;

use std::fmt;

use self::digit::Digit;

/// A number that stands for what has no limit, where only numbers can be told.
pub const ENDLESS: i64 = -1;

/// The longest part of what was typed that an error repeats, in characters.
const SHOWN_MAX_CHARS: usize = 40;

/// The kind of numbers that a field takes: how many decimals, and whether percentages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    decimals: u8,
    is_percent: bool,
}

/// Whole numbers.
pub const WHOLE: NumberFormat = NumberFormat { decimals: 0, is_percent: false };
/// Whole percentages; the sign may be left out.
pub const PERCENT: NumberFormat = NumberFormat { decimals: 0, is_percent: true };
/// Numbers with one decimal at most, read in tenths.
pub const TENTHS: NumberFormat = NumberFormat { decimals: 1, is_percent: false };
/// Percentages with one decimal at most, read in tenths; the sign may be left out.
pub const PERCENT_TENTHS: NumberFormat = NumberFormat { decimals: 1, is_percent: true };

/// Why something that was typed is no number for its field. It names what was typed, and gives an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberError {
    /// The visible part of what was typed, shortened.
    pub typed: String,
    /// The rule that it breaks.
    pub reason: Reason,
    format: NumberFormat,
}

/// The ways in which something typed is no number for its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was typed, or something else than a number.
    NotANumber,
    /// It has decimals, or a mark that does not stand between groups of three digits.
    NotWhole,
    /// It has more decimals than the field takes.
    TooFine,
    /// It has one mark, which may group or begin the decimals.
    Ambiguous,
    /// Its marks do not stand where groups of digits meet.
    Grouping,
    /// It does not fit.
    TooLarge,
    /// It is below zero, where nothing is.
    Negative,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.typed.as_str() {
            "" => f.write_str("a number is missing")?,
            typed => write!(f, "“{typed}” {}", self.reason)?,
        }
        write!(f, "; write it like {}", self.format.example())
    }
}

impl std::error::Error for NumberError {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "is not a number",
            Self::NotWhole => "is not a whole number",
            Self::TooFine => "has more than one decimal",
            Self::Ambiguous => "can be read in two ways",
            Self::Grouping => "is not grouped as a number is",
            Self::TooLarge => "is too large",
            Self::Negative => "is below zero",
        })
    }
}

/// A mark between digits. All that look or mean the same are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Comma,
    Dot,
    Space,
    Apostrophe,
    Underscore,
    ArabicGroup,
    ArabicDecimal,
}

impl Mark {
    fn of(c: char) -> Option<Self> {
        Some(match c {
            ',' | '，' => Self::Comma,
            '.' | '．' => Self::Dot,
            ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Self::Space,
            '\'' | '’' | '\u{2bc}' | '＇' => Self::Apostrophe,
            '_' => Self::Underscore,
            '٬' => Self::ArabicGroup,
            '٫' => Self::ArabicDecimal,
            _ => return None,
        })
    }

    fn groups(self) -> bool {
        self != Self::ArabicDecimal
    }

    fn begins_decimals(self) -> bool {
        matches!(self, Self::Comma | Self::Dot | Self::ArabicDecimal)
    }
}

/// Runs of digits, and what stands between them: always one mark less than runs.
#[derive(Default)]
struct Runs {
    runs: Vec<String>,
    marks: Vec<Mark>,
}

impl NumberFormat {
    /// Reads what somebody typed: in units of the smallest decimal that the field takes.
    pub fn parse(self, typed: &str) -> Result<i64, NumberError> {
        self.read(typed).map_err(|reason| NumberError { typed: shown(typed), reason, format: self })
    }

    fn read(self, typed: &str) -> Result<i64, Reason> {
        let text: String = typed.chars().filter(|&c| !is_unseen(c)).collect();
        let text = if self.is_percent { without_percent(text.trim()) } else { text.trim() };
        let (sign, text) = match text.strip_prefix(['-', '\u{2212}', '－', '﹣']) {
            Some(rest) => ("-", rest.trim_start()),
            None => ("", text.strip_prefix(['+', '＋']).map_or(text, str::trim_start)),
        };
        let (mut digits, decimals) = self.split(Runs::of(text)?)?;
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > usize::from(self.decimals) {
            return Err(Reason::TooFine);
        }
        digits.insert_str(0, sign);
        digits.push_str(decimals);
        digits.extend((decimals.len()..usize::from(self.decimals)).map(|_| '0'));
        digits.parse().map_err(|_| Reason::TooLarge)
    }

    /// The digits before the decimals, and the decimals.
    fn split(self, Runs { mut runs, marks }: Runs) -> Result<(String, String), Reason> {
        let Some((&last, before)) = marks.split_last() else { return Ok((runs.concat(), String::new())) };
        let is_grouped = is_grouped(&runs) && last.groups() && before.iter().all(|&mark| mark == last);
        let decimals_follow = last.begins_decimals()
            && !before.contains(&last)
            && before.iter().all(|&mark| mark.groups() && mark == before[0])
            && (before.is_empty() || is_grouped_whole(&runs));
        match (is_grouped, decimals_follow) {
            (true, true) if self.decimals > 0 => Err(Reason::Ambiguous),
            (true, _) => Ok((runs.concat(), String::new())),
            (false, true) if self.decimals == 0 => Err(Reason::NotWhole),
            (false, true) => {
                let decimals = runs.pop().filter(|run| !run.is_empty()).ok_or(Reason::NotANumber)?;
                Ok((runs.concat(), decimals))
            }
            (false, false) if runs.iter().any(String::is_empty) => Err(Reason::NotANumber),
            (false, false) => Err(Reason::Grouping),
        }
    }

    const fn example(self) -> &'static str {
        match (self.decimals, self.is_percent) {
            (0, false) => "1500 or 1,500",
            (0, true) => "7 or 7 %",
            (_, false) => "1500 or 12.5",
            (_, true) => "7 or 7.5 %",
        }
    }
}

impl Runs {
    fn of(text: &str) -> Result<Self, Reason> {
        let mut read = Self { runs: vec![String::new()], marks: Vec::new() };
        let mut script = None;
        for c in text.chars() {
            if let Some(digit) = Digit::of(c) {
                if *script.get_or_insert(digit.zero) != digit.zero {
                    return Err(Reason::NotANumber);
                }
                read.runs.last_mut().ok_or(Reason::NotANumber)?.push(digit.ascii());
            } else {
                read.marks.push(Mark::of(c).ok_or(Reason::NotANumber)?);
                read.runs.push(String::new());
            }
        }
        script.map(|_| read).ok_or(Reason::NotANumber)
    }
}

/// Whether the runs are groups: of three digits, or the last of three and the others of two, with fewer at the front.
fn is_grouped(runs: &[String]) -> bool {
    let [first, between @ .., last] = runs else { return false };
    let fits = |front: usize, size: usize| {
        (1..=front).contains(&first.len()) && between.iter().all(|run| run.len() == size)
    };
    last.len() == 3 && !first.starts_with('0') && (fits(3, 3) || fits(2, 2))
}

/// The same of all runs but the last.
fn is_grouped_whole(runs: &[String]) -> bool {
    runs.split_last().is_some_and(|(_, whole)| is_grouped(whole))
}

/// Without the sign, which Turkish and Basque put in front.
fn without_percent(text: &str) -> &str {
    let is_sign = |c: char| matches!(c, '%' | '٪' | '％' | '﹪');
    text.strip_suffix(is_sign).or_else(|| text.strip_prefix(is_sign)).map_or(text, str::trim)
}

/// Matches marks that nobody sees and that are copied along: those that Arabic, Hebrew and Persian put beside signs, those
/// that keep texts apart, and joiners. Marks that turn digits round are not among them.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the visible part of something typed, at most 40 characters of it: for an answer that repeats it.
pub fn shown(typed: &str) -> String {
    let visible = |c: &char| !c.is_control() && !is_unseen(*c) && !('\u{202a}'..='\u{202e}').contains(c);
    let mut shown: String = typed.trim().chars().filter(visible).take(SHOWN_MAX_CHARS + 1).collect();
    if let Some((end, _)) = shown.char_indices().nth(SHOWN_MAX_CHARS) {
        shown.replace_range(end.., "…");
    }
    shown
}

/// Reads a whole number of this type: for settings of programs and their command lines.
pub fn typed<T: TryFrom<i64>>(typed: &str) -> Result<T, NumberError> {
    let number = WHOLE.parse(typed)?;
    let reason = if number < 0 { Reason::Negative } else { Reason::TooLarge };
    T::try_from(number).map_err(|_| NumberError { typed: shown(typed), reason, format: WHOLE })
}

/// Reads a whole number that may be without end: then it is `None`. [`ENDLESS`] is without end, too.
pub fn limit(typed: &str) -> Result<Option<i64>, NumberError> {
    if is_endless(typed) {
        return Ok(None);
    }
    WHOLE.parse(typed).map(|number| Some(number).filter(|&number| number != ENDLESS))
}

/// Whether these are words for what has no limit.
pub fn is_endless(typed: &str) -> bool {
    let words = ["no limit", "unlimited", "without limit", "without end", "endless", "infinite", "∞"];
    words.iter().any(|word| typed.trim().eq_ignore_ascii_case(word))
}

/// Reads a switch; `None` is neither on nor off.
pub fn switch(typed: &str) -> Option<bool> {
    let is_any = |words: [&str; 4]| words.iter().any(|word| typed.trim().eq_ignore_ascii_case(word));
    match WHOLE.read(typed) {
        Ok(1) => Some(true),
        Ok(0) => Some(false),
        _ if is_any(["on", "yes", "true", "enabled"]) => Some(true),
        _ if is_any(["off", "no", "false", "disabled"]) => Some(false),
        _ => None,
    }
}
