//! People's text in any script: the one place that cleans, normalises, isolates, folds and shortens it.
//!
//! Names, notes and reasons are [`clean`]ed once, when they come in. What somebody wrote is put into a sentence by
//! [`isolated`], so that it cannot reorder what stands around it. Keys and searches compare what [`fold`] makes.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{
    ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed,
    properties::CanonicalCombiningClassMapBorrowed,
};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiClass, DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory,
        GeneralCategoryGroup,
    },
};
use icu_segmenter::GraphemeClusterSegmenter;

/// The longest name of a player or an item, in characters. Discord's own limit for nicknames is 32.
pub const NAME_MAX_CHARS: usize = 32;
/// The longest name of a server, in characters: Discord's own limit.
pub const SERVER_NAME_MAX_CHARS: usize = 100;

/// Combining classes (UAX #44): of what is no mark or stands beside its letter, and of the sign that joins consonants.
const NOT_REORDERED: u8 = 0;
const VIRAMA: u8 = 9;
const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
/// FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE, of Unicode's bidirectional algorithm (UAX #9).
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];
/// The base of a flag of a region, and what ends its tags (UTS #51).
const BLACK_FLAG: char = '\u{1f3f4}';
const TAGS: std::ops::RangeInclusive<char> = '\u{e0020}'..='\u{e007e}';
const TAGS_END: char = '\u{e007f}';
/// Blanks that Unicode counts among the symbols: the empty Braille pattern and the empty note head.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1d159}'];

/// The text in NFC, on one line, without controls, characters that turn text around, and others that cannot be seen.
/// Joiners, variation selectors and tags stay where a script or an emoji needs them.
pub fn clean(text: &str) -> String {
    let one_spelling = nfc(text);
    if one_spelling.bytes().all(|byte| byte.is_ascii_graphic()) {
        return one_spelling.into_owned();
    }
    let visible = Visible { rest: &one_spelling, kept: None, base: None, tagged: false }.collect::<String>();
    let one_line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    nfc(&one_line).into_owned()
}

/// A cleaned name of at most so many characters; `None` when nothing of it can be seen.
pub fn name(text: &str, most: usize) -> Option<String> {
    let name = clean(shortened(&clean(text), most)); // What joined the last two has nothing to join now.
    (!is_blank(&name)).then_some(name)
}

/// Whether nothing of it can be seen.
pub fn is_blank(text: &str) -> bool {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_visible = |c: char| {
        !c.is_whitespace()
            && !is_ignorable(c)
            && !BLANK_SYMBOLS.contains(&c)
            && !GeneralCategoryGroup::Mark.contains(categories.get(c))
    };
    !text.chars().any(is_visible)
}

/// As much of the beginning as fits into so many characters; what people see as one character is not cut.
pub fn shortened(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let breaks = GraphemeClusterSegmenter::new().segment_str(text);
    match breaks.take_while(|&at| at <= end).last() {
        None | Some(0) => &text[..end],
        Some(at) => &text[..at],
    }
}

/// The text as a part of a sentence: what is written from right to left does not reorder what stands around it.
pub fn isolated(text: &str) -> Cow<'_, str> {
    if !turns_direction(text) {
        return text.into();
    }
    let [begin, end] = ISOLATE;
    let mut isolated = String::with_capacity(text.len() + begin.len_utf8() + end.len_utf8());
    isolated.push(begin);
    let stays = |c: char| !is_bidi_control(c) || ISOLATE.contains(&c) && is_paired(text);
    isolated.extend(text.chars().filter(|&c| stays(c)));
    isolated.push(end);
    isolated.into()
}

/// Returns the common form of texts that differ only in how they are capitalised or spelled in Unicode: for keys and
/// searches, never to be shown. The i's of Turkish, with and without their dots, are one letter.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let seen: String = text.chars().filter(|&c| !is_ignorable(c)).collect();
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&seen).into_owned();
    let folded = CaseMapper::new().fold_string(&decomposed).into_owned();
    let folded = DecomposingNormalizerBorrowed::new_nfd().normalize(&folded).into_owned();
    let mut undotted = String::with_capacity(folded.len());
    let mut base = None;
    for c in folded.chars() {
        if combining_class(c) == NOT_REORDERED {
            base = Some(c);
        }
        match c {
            'ı' => {
                base = Some('i');
                undotted.push('i');
            }
            '\u{307}' if base == Some('i') => {}
            c => undotted.push(c),
        }
    }
    nfc(&undotted).into_owned()
}

/// Whether what was searched for, already [`fold`]ed, stands in a text.
pub fn contains(text: &str, folded: &str) -> bool {
    folded.is_empty() || fold(text).contains(folded)
}

/// Whether a text holds characters that are written from right to left, or change the order.
fn turns_direction(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    let turns = |c: char| {
        let class = classes.get(c);
        is_bidi_control(c)
            || [BidiClass::RightToLeft, BidiClass::ArabicLetter, BidiClass::ArabicNumber].contains(&class)
    };
    !text.is_ascii() && text.chars().any(turns)
}

/// Whether every isolate within a text ends within it.
fn is_paired(text: &str) -> bool {
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            _ if c == ISOLATE[0] => depth += 1,
            _ if c == ISOLATE[1] => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// The characters of a text that [`clean`] keeps, white space aside.
struct Visible<'t> {
    rest: &'t str,
    /// The last character that was kept.
    kept: Option<char>,
    /// The last one that was no mark and no joiner.
    base: Option<char>,
    /// Within the tags of a flag.
    tagged: bool,
}

impl Iterator for Visible<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let c = self.rest.chars().next()?;
            let before = self.rest;
            self.rest = &self.rest[c.len_utf8()..];
            if self.keeps(c, before) {
                if !is_ignorable(c) && combining_class(c) == NOT_REORDERED {
                    self.base = Some(c);
                }
                self.kept = Some(c);
                return Some(c);
            }
        }
    }
}

impl Visible<'_> {
    /// `here` begins with the character.
    fn keeps(&mut self, c: char, here: &str) -> bool {
        if c.is_whitespace() {
            return true;
        }
        if c.is_control() || matches!(c, '\u{fff9}'..='\u{fffb}') {
            return false;
        }
        if !is_ignorable(c) {
            return true;
        }
        match c {
            ZWNJ => self.is_joining() && self.follows(is_right_to_left) || self.is_conjunct(),
            ZWJ => self.is_joining() || self.is_conjunct() || self.joins_emoji(),
            '\u{fe0e}' | '\u{fe0f}' => self.kept.is_some_and(is_emoji),
            '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => {
                self.kept.is_some_and(|before| {
                    !before.is_ascii() && !before.is_whitespace() && !is_ignorable(before)
                })
            }
            TAGS_END => std::mem::take(&mut self.tagged),
            _ if TAGS.contains(&c) => {
                self.tagged |= self.kept == Some(BLACK_FLAG) && begins_with_tags(here);
                self.tagged
            }
            _ => false,
        }
    }

    /// After a letter of a script that joins its letters.
    fn is_joining(&self) -> bool {
        self.kept.is_some_and(|c| !is_ignorable(c)) && self.base.is_some_and(is_right_to_left)
    }

    /// Beside the sign by which Indic scripts join consonants.
    fn is_conjunct(&self) -> bool {
        let is_virama = |c| combining_class(c) == VIRAMA;
        self.kept.is_some_and(is_virama)
            || self.kept.is_some_and(|c| !is_ignorable(c)) && self.follows(is_virama)
    }

    fn joins_emoji(&self) -> bool {
        let pictograms = CodePointSetData::new::<ExtendedPictographic>();
        let ends_emoji =
            |c| pictograms.contains(c) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0f}' | TAGS_END);
        self.kept.is_some_and(ends_emoji) && self.follows(|next| pictograms.contains(next))
    }

    fn follows(&self, is_it: impl Fn(char) -> bool) -> bool {
        self.rest.chars().next().is_some_and(is_it)
    }
}

fn begins_with_tags(text: &str) -> bool {
    text.trim_start_matches(|c| TAGS.contains(&c)).starts_with(TAGS_END)
}

fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

fn combining_class(c: char) -> u8 {
    CanonicalCombiningClassMapBorrowed::new().get_u8(c)
}

/// Nothing is shown for it; joiners, selectors and marks of direction are among them.
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Emoji that a selector shows in colours or not; digits are among them.
fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(c)
}

fn is_right_to_left(c: char) -> bool {
    let class = CodePointMapData::<BidiClass>::new().get(c);
    !is_ignorable(c) && [BidiClass::RightToLeft, BidiClass::ArabicLetter].contains(&class)
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
