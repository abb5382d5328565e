use twilight_model::{
    application::{
        command::CommandOptionType,
        interaction::{
            Interaction, InteractionData, InteractionType, application_command::CommandOptionValue,
        },
    },
    guild::Permissions,
    id::Id,
};

use super::*;

const ID: InteractionId = InteractionId(1_300_000_000_000_000_001);

fn pay() -> Typed {
    let payee = Player { bot: true, ..fixtures::players(2).remove(1) };
    Typed::new("pay")
        .with("user", Value::User(payee))
        .with("amount", Value::Integer(25))
        .with("note", Value::Text("for the fish 🐟".into()))
}

fn read(payload: &Payload) -> Interaction {
    serde_json::from_value(payload.build()).expect("Discord's own shape")
}

#[test]
fn a_command_in_a_server_is_what_twilight_reads() {
    let guild = fixtures::guilds(2).remove(1);
    let actor = fixtures::players(5).remove(4);
    let interaction = read(&Payload::command(ID, pay()).by(&actor).in_guild(&guild));
    assert_eq!(interaction.kind, InteractionType::ApplicationCommand);
    assert_eq!(interaction.id.get(), ID.0);
    assert_eq!(interaction.guild_id.map(Id::get), Some(guild.id.0));
    assert!(interaction.user.is_none());
    let member = interaction.member.unwrap();
    assert_eq!(member.nick, actor.nick);
    assert_eq!(member.user.unwrap().id.get(), actor.id.0);
    let Some(InteractionData::ApplicationCommand(command)) = interaction.data else { panic!("no command") };
    assert_eq!(command.name, "pay");
    assert_eq!(command.options.len(), 3);
    let resolved = command.resolved.unwrap();
    assert_eq!((resolved.users.len(), resolved.members.len()), (1, 1));
    assert!(resolved.users.values().all(|user| user.bot));
}

#[test]
fn a_direct_message_has_a_user_and_no_server() {
    let interaction = read(&Payload::command(ID, pay()).in_direct_message());
    assert!(interaction.guild_id.is_none() && interaction.member.is_none());
    assert!(interaction.user.is_some());
}

#[test]
fn a_subcommand_in_a_group_holds_its_options() {
    let typed = Typed::new("config").under("tax").under("set").with("percent", Value::Integer(5));
    let interaction = read(&Payload::command(ID, typed).managing());
    let permissions = interaction.member.unwrap().permissions.unwrap();
    assert!(permissions.contains(Permissions::MANAGE_GUILD));
    let Some(InteractionData::ApplicationCommand(command)) = interaction.data else { panic!("no command") };
    let CommandOptionValue::SubCommandGroup(group) = &command.options[0].value else { panic!("no group") };
    let CommandOptionValue::SubCommand(options) = &group[0].value else { panic!("no subcommand") };
    assert_eq!((command.options[0].name.as_str(), group[0].name.as_str()), ("tax", "set"));
    assert_eq!(options[0].value, CommandOptionValue::Integer(5));
}

#[test]
fn a_plain_member_manages_nothing() {
    let member = read(&Payload::command(ID, Typed::new("config").under("show"))).member.unwrap();
    assert!(!member.permissions.unwrap().intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR));
}

#[test]
fn a_button_tells_its_message() {
    let reply = json!({ "content": "Ready?", "flags": 64, "allowed_mentions": { "parse": [] } });
    let interaction = read(&Payload::button(ID, "daily:remind", reply));
    assert_eq!(interaction.kind, InteractionType::MessageComponent);
    let message = interaction.message.unwrap();
    assert_eq!(message.content, "Ready?");
    assert!(message.author.bot);
    let Some(InteractionData::MessageComponent(pressed)) = interaction.data else { panic!("no component") };
    assert_eq!(pressed.custom_id, "daily:remind");
}

#[test]
fn what_is_being_typed_is_focused() {
    let typed = Typed::new("shop").under("buy").with("item", Value::Partial("fi".into()));
    let interaction = read(&Payload::autocomplete(ID, typed));
    assert_eq!(interaction.kind, InteractionType::ApplicationCommandAutocomplete);
    let Some(InteractionData::ApplicationCommand(command)) = interaction.data else { panic!("no command") };
    let CommandOptionValue::SubCommand(options) = &command.options[0].value else { panic!("no subcommand") };
    assert_eq!(options[0].value, CommandOptionValue::Focused("fi".into(), CommandOptionType::String));
}

#[test]
fn a_ping_is_a_ping() {
    let interaction = read(&Payload::ping(ID).for_application(42));
    assert_eq!(interaction.kind, InteractionType::Ping);
    assert_eq!(interaction.application_id.get(), 42);
    assert!(interaction.data.is_none());
}
