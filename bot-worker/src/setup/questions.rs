//! The questions for what nobody has given yet, and whoever answers them.

use std::io::{self, IsTerminal, Write};

/// One thing that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The name of what is asked for, in words.
    pub words: &'a str,
    /// The place where it is found, or its purpose.
    pub hint: &'a str,
    /// The meaning of an empty answer, if it has one.
    pub otherwise: Option<&'a str>,
    /// Whether nobody may look over the shoulder.
    pub is_secret: bool,
}

/// Somebody who answers, or nobody.
pub trait Questions {
    /// The answer without spaces around it; `None` when there is none.
    fn ask(&mut self, question: Question<'_>) -> io::Result<Option<String>>;
}

/// Nobody: what is missing stays so.
#[derive(Debug)]
pub struct Nobody;

/// The person at the terminal.
#[derive(Debug)]
pub struct Terminal;

/// The person at the terminal, if there is one and `yes` does not rule it out; otherwise nobody.
pub fn of_whoever_is_there(yes: bool) -> Box<dyn Questions> {
    if yes || !io::stdin().is_terminal() { Box::new(Nobody) } else { Box::new(Terminal) }
}

impl Questions for Nobody {
    fn ask(&mut self, _: Question<'_>) -> io::Result<Option<String>> {
        Ok(None)
    }
}

impl Questions for Terminal {
    fn ask(&mut self, question: Question<'_>) -> io::Result<Option<String>> {
        let Question { words, hint, otherwise, is_secret } = question;
        println!("? {words} ({hint})");
        let prompt = otherwise.map_or_else(|| "  > ".to_owned(), |otherwise| format!("  [{otherwise}] > "));
        let typed = if is_secret {
            rpassword::prompt_password(prompt)?
        } else {
            print!("{prompt}");
            io::stdout().flush()?;
            let mut line = String::new();
            io::stdin().read_line(&mut line)?;
            line
        };
        Ok(Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty()))
    }
}
