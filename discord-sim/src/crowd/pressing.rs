//! Buttons below answers: whoever was answered may press one.

use serde_json::Value;

use super::{Crowd, Deed, Effect, Move};

/// An answer with buttons that can be pressed.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    message: Value,
    buttons: Vec<String>,
    /// It asks whether this one shall be put back to the beginning.
    asked: Option<usize>,
}

impl Crowd {
    /// The first member who has been asked to confirm a reset.
    pub(super) fn asked(&self) -> Option<usize> {
        self.those(|member| member.offer.as_ref().is_some_and(|offer| offer.asked.is_some())).first().copied()
    }

    /// The press of No or Yes by somebody who was asked, by turns.
    pub(super) fn answer(&self, who: usize) -> Option<(usize, Deed, Effect)> {
        let member = &self.members[who];
        let offer = member.offer.clone()?;
        let word = if self.managed[member.guild].is_multiple_of(2) { "economy:yes:" } else { "economy:no:" };
        let button = offer.buttons.into_iter().find(|button| button.starts_with(word))?;
        let effect = match offer.asked {
            Some(whom) if word == "economy:yes:" => Effect::Reset { whom },
            _ => Effect::Nothing,
        };
        Some((who, Deed::Presses { button, message: offer.message }, effect))
    }

    /// Somebody presses one of the buttons below their last answer.
    pub(super) fn press(&mut self) -> Option<(usize, Deed, Effect)> {
        let offered = self.those(|member| member.offer.is_some());
        let who = *self.chance.pick(&offered)?;
        let offer = self.members[who].offer.clone()?;
        let button = self.chance.pick(&offer.buttons)?.clone();
        Some((who, Deed::Presses { button, message: offer.message }, Effect::Nothing))
    }

    /// Keeps what an answer offers, in place of what the one before did.
    pub(super) fn offered(&mut self, taken: &Move, answer: &Value) {
        let message = &answer["data"];
        let rows = message["components"].as_array().into_iter().flatten();
        let parts = rows.filter_map(|row| row["components"].as_array()).flatten();
        let buttons: Vec<String> = parts
            .filter(|part| part["disabled"] != true)
            .filter_map(|part| part["custom_id"].as_str().map(str::to_owned))
            .collect();
        let asked = if let Effect::Asked { whom } = taken.effect { Some(whom) } else { None };
        let offer = (!buttons.is_empty()).then(|| Offer { message: message.clone(), buttons, asked });
        self.members[taken.who].offer = offer;
    }
}
