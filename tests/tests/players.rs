//! The stand-in's crowd, which the demo and the benchmarks live from, before the real edge.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use discord_sim::{
    crowd::{Crowd, Deed},
    fixtures,
};
use serde_json::Value;
use tests::{Edge, people::interaction};

/// Deeds after which every command has been typed.
const DEEDS: usize = 800;
/// Deeds after which each kind of button has been pressed at the latest: one of them may have been shown just now.
const DEEDS_MAX: usize = 4 * DEEDS;

/// A command's name, or those of its subcommands with the names before them, out of its definition.
fn names(before: &str, definition: &Value) -> Vec<String> {
    let name = format!("{before}{}", definition["name"].as_str().unwrap_or_default());
    let options = definition["options"].as_array().into_iter().flatten();
    // SUB_COMMAND is 1, SUB_COMMAND_GROUP is 2.
    let deeper: Vec<String> = options
        .filter(|option| option["type"] == 1 || option["type"] == 2)
        .flat_map(|option| names(&format!("{name} "), option))
        .collect();
    if deeper.is_empty() { vec![name] } else { deeper }
}

/// The kind of a button: its `custom_id` without the numbers.
fn kind(button: &str) -> String {
    let words = button.split(':').filter(|word| word.parse::<u64>().is_err());
    words.collect::<Vec<_>>().join(":")
}

fn buttons(answer: &Value) -> impl Iterator<Item = &str> {
    let rows = answer["data"]["components"].as_array().into_iter().flatten();
    let parts = rows.filter_map(|row| row["components"].as_array()).flatten();
    parts.filter_map(|part| part["custom_id"].as_str())
}

#[tokio::test]
async fn the_crowd_types_every_command_and_presses_every_button() -> Result<()> {
    let (edge, mut crowd) = (Edge::shared(), Crowd::new(1, fixtures::guilds(1), fixtures::players(24)));
    let (mut typed, mut shown, mut pressed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut refusals, discord) = (BTreeMap::<String, usize>::new(), edge.discord());
    let mut done = 0;
    while done < DEEDS || (pressed != shown && done < DEEDS_MAX) {
        done += 1;
        let Some(next) = crowd.next(discord_sim::client::now()) else { break };
        let answer = discord.post(&next.payload(interaction()).build()).await?;
        ensure!(answer.status == 200, "{next:?} was answered {}: {}", answer.status, answer.json());
        let answer = answer.json();
        shown.extend(buttons(&answer).map(kind));
        match &next.deed {
            Deed::Types(_) => drop(typed.insert(next.deed.name())),
            Deed::Presses { button, .. } => drop(pressed.insert(kind(button))),
        }
        let footer = answer["data"]["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
        if !footer.is_empty() && footer.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') {
            *refusals.entry(footer.to_owned()).or_default() += 1;
        }
        crowd.taken(&next, &answer);
    }
    let definitions = serde_json::to_value(interactions::command::definitions())?;
    let definitions = definitions.as_array().into_iter().flatten();
    let all: BTreeSet<String> = definitions.flat_map(|command| names("", command)).collect();
    assert_eq!(typed, all);
    assert_eq!(pressed, shown);
    for button in ["daily:remind", "economy:yes", "economy:no"] {
        assert!(pressed.contains(button), "{pressed:?}");
    }
    let refused: usize = refusals.values().sum();
    assert!(refused < done / 10, "{refusals:?}");
    println!("{} commands, {} kinds of buttons, refused: {refusals:?}", typed.len(), pressed.len());
    Ok(())
}
