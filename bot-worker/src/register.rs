//! Commands are registered only when they differ: Discord allows 200 creates a day.

use serde_json::Value;
use twilight_model::{
    application::command::Command,
    id::{Id, marker::GuildMarker},
};

use crate::{
    config::Registration,
    discord::{Discord, DiscordError, Registered, Scope},
};

/// `bot-worker register`: shows the difference, and applies it unless asked not to.
pub async fn register(discord: &Discord, wanted: Registration) -> Result<(), DiscordError> {
    let application = discord.application().await?.id;
    let scope = Scope { application, guild: wanted.guild.map(Id::<GuildMarker>::from) };
    let commands = if wanted.delete { Vec::new() } else { interactions::command::definitions() };
    let registered = discord.commands(scope).await?;
    let difference = Difference::between(&commands, &registered);
    let place = wanted.guild.map_or_else(|| "everywhere".to_owned(), |guild| format!("in server {guild}"));
    for (sign, names) in [("+", &difference.added), ("~", &difference.changed), ("-", &difference.removed)] {
        for name in names {
            println!("{sign} /{name}");
        }
    }
    if difference.is_empty() {
        println!("nothing to do: {} commands are registered {place} and up to date", commands.len());
    } else if wanted.dry_run {
        println!("dry run: nothing was changed");
    } else {
        discord.set_commands(scope, &with_entry_points(&commands, &registered)).await?;
        println!("done: {} commands are registered {place}", commands.len());
    }
    if let Some(guild) = wanted.guild.filter(|_| !wanted.delete) {
        let everywhere = discord.commands(Scope { guild: None, ..scope }).await?;
        if everywhere.iter().any(|known| commands.iter().any(|command| same_command(known, command))) {
            println!(
                "they are registered everywhere, too, and show twice in server {guild}: `bot-worker register --guild \
                 {guild} --delete` takes these away again"
            );
        }
    }
    Ok(())
}

/// Registers our commands there if others are registered; says in words what it did.
pub async fn where_different(discord: &Discord, scope: Scope) -> Result<String, DiscordError> {
    let wanted = interactions::command::definitions();
    let registered = discord.commands(scope).await?;
    let difference = Difference::between(&wanted, &registered);
    if difference.is_empty() {
        return Ok(format!("{} commands are registered and up to date", wanted.len()));
    }
    discord.set_commands(scope, &with_entry_points(&wanted, &registered)).await?;
    Ok(format!("commands registered: {}", difference.summary()))
}

/// Our commands, and beside them what Discord itself has put there.
fn with_entry_points(commands: &[Command], registered: &[Registered]) -> Vec<Value> {
    let ours = commands.iter().map(|command| serde_json::to_value(command).unwrap_or_default());
    let theirs = registered.iter().filter(|known| known.is_entry_point()).map(|known| known.given.clone());
    ours.chain(theirs).collect()
}

/// Fields that Discord assigns or derives; ours never have them.
const ASSIGNED: [&str; 5] = ["application_id", "dm_permission", "guild_id", "id", "version"];
/// Fields that Discord fills with defaults of its own when they are not given.
const DEFAULTED: [&str; 3] = ["contexts", "integration_types", "nsfw"];

/// The changes after which `wanted` is what is registered, as names of commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Commands that are not registered yet.
    pub added: Vec<String>,
    /// Commands that are registered differently.
    pub changed: Vec<String>,
    /// Registered, and no longer wanted.
    pub removed: Vec<String>,
}

impl Difference {
    /// Between the commands we want and those that Discord has. Their order does not matter. One that cannot be read is
    /// another than ours.
    pub fn between(wanted: &[Command], registered: &[Registered]) -> Self {
        let mut difference = Self::default();
        for command in wanted {
            let known = registered.iter().find(|known| same_command(known, command));
            match known.map(|known| known.definition.as_ref()) {
                None => difference.added.push(command.name.clone()),
                Some(Some(known)) if says_the_same(command, known) => {}
                Some(_) => difference.changed.push(command.name.clone()),
            }
        }
        let ours = registered.iter().filter(|known| !known.is_entry_point());
        let unwanted = ours.filter(|known| !wanted.iter().any(|command| same_command(known, command)));
        difference.removed = unwanted.map(|known| known.name.clone()).collect();
        difference
    }

    /// In a few words: `2 new (daily, pay), 1 changed (balance)`.
    pub fn summary(&self) -> String {
        let parts = [("new", &self.added), ("changed", &self.changed), ("no longer ours", &self.removed)];
        let told = parts.iter().filter(|(_, names)| !names.is_empty());
        told.map(|(word, names)| format!("{} {word} ({})", names.len(), some_of(names)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// The first three names; a line of a log is not the place for all.
fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(3).map(String::as_str);
    shown.chain((names.len() > 3).then_some("…")).collect::<Vec<_>>().join(", ")
}

fn same_command(known: &Registered, command: &Command) -> bool {
    known.name == command.name && known.kind == command.kind
}

fn says_the_same(wanted: &Command, registered: &Command) -> bool {
    let (wanted, mut registered) = (meaning(wanted), meaning(registered));
    for field in DEFAULTED {
        if wanted.get(field).is_none()
            && let Some(fields) = registered.as_object_mut()
        {
            fields.remove(field);
        }
    }
    wanted == registered
}

/// A command without what Discord assigns, and without what says nothing.
fn meaning(command: &Command) -> Value {
    let mut value = serde_json::to_value(command).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !ASSIGNED.contains(&name.as_str()));
    }
    drop_what_says_nothing(&mut value);
    value
}

fn drop_what_says_nothing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_what_says_nothing);
            fields.retain(|_, field| match field {
                Value::Null | Value::Bool(false) => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
                _ => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_what_says_nothing),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(mut fields: Value) -> Command {
        fields["version"] = json!("1");
        serde_json::from_value(fields).unwrap()
    }

    fn registered(mut fields: Value) -> Registered {
        fields["version"] = json!("1");
        Registered::from(fields)
    }

    fn pay() -> Value {
        json!({
            "name": "pay", "type": 1, "description": "Give coins", "contexts": [0], "integration_types": [0],
            "default_member_permissions": null,
            "options": [{ "type": 4, "name": "amount", "description": "How many", "required": true, "min_value": 1 }],
        })
    }

    fn with(mut value: Value, pointer: &str, field: &str, new: Value) -> Value {
        value.pointer_mut(pointer).unwrap()[field] = new;
        value
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_means_something_counts() {
        let same = Difference::default();
        let changed = Difference { changed: names(&["pay"]), ..Difference::default() };
        let cases = [
            ("itself", pay(), &same),
            ("assigned", with(with(pay(), "", "id", json!("9")), "", "application_id", json!("8")), &same),
            ("defaulted", with(pay(), "", "nsfw", json!(false)), &same),
            ("description", with(pay(), "", "description", json!("Take coins")), &changed),
            ("contexts", with(pay(), "", "contexts", json!([0, 1])), &changed),
            ("installs", with(pay(), "", "integration_types", json!([0, 1])), &changed),
            ("no installs", with(pay(), "", "integration_types", Value::Null), &changed),
            ("option", with(pay(), "/options/0", "min_value", json!(2)), &changed),
            ("required", with(pay(), "/options/0", "required", json!(false)), &changed),
            ("an option of a new type", with(pay(), "/options/0", "type", json!(12)), &changed),
            (
                "a permission of 2^70",
                with(pay(), "", "default_member_permissions", json!("1180591620717411303424")),
                &changed,
            ),
        ];
        for (what, known, expected) in cases {
            let difference = Difference::between(&[command(pay())], &[registered(known)]);
            assert_eq!(&difference, expected, "{what}");
        }
    }

    /// A subcommand in a group, as we define it.
    fn config() -> Value {
        let percent = json!({ "type": 4, "name": "percent", "description": "How many", "required": true, "max_value": 20 });
        let set = json!({ "type": 1, "name": "set", "description": "Set it", "options": [percent] });
        let show = json!({ "type": 1, "name": "show", "description": "Show it" });
        json!({
            "name": "config", "type": 1, "description": "Rules", "default_member_permissions": "32",
            "options": [show, { "type": 2, "name": "tax", "description": "Tax", "options": [set] }],
        })
    }

    #[test]
    fn nested_options_count_and_what_discord_adds_to_them_does_not() {
        let set = "/options/1/options/0";
        let added =
            with(with(config(), "/options/0", "options", json!([])), set, "name_localizations", Value::Null);
        let added = with(added, "/options/1/options/0/options/0", "autocomplete", json!(false));
        let changed = with(config(), "/options/1/options/0/options/0", "max_value", json!(25));
        let renamed = with(config(), set, "name", json!("change"));
        for (what, known, same) in
            [("added", added, true), ("bound", changed, false), ("name", renamed, false)]
        {
            let difference = Difference::between(&[command(config())], &[registered(known)]);
            assert_eq!(difference.is_empty(), same, "{what}");
        }
    }

    #[test]
    fn what_discord_put_there_stays() {
        let launch = json!({ "id": "9", "name": "launch", "type": 4, "description": "", "handler": 2 });
        let known = [registered(pay()), registered(launch)];
        assert!(Difference::between(&[command(pay())], &known).is_empty());
        let sent = with_entry_points(&[command(pay())], &known);
        let names: Vec<&str> = sent.iter().map(|sent| sent["name"].as_str().unwrap()).collect();
        assert_eq!((names.as_slice(), &sent[1]["handler"]), (["pay", "launch"].as_slice(), &json!(2)));
    }

    #[test]
    fn commands_come_and_go() {
        let old =
            json!({ "name": "work", "type": 1, "description": "Work", "default_member_permissions": null });
        let difference = Difference::between(&[command(pay())], &[registered(old)]);
        assert_eq!(
            difference,
            Difference { added: names(&["pay"]), changed: vec![], removed: names(&["work"]) }
        );
        assert!(Difference::between(&[], &[]).is_empty());
    }
}
