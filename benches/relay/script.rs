//! What is said: WebSocket frames (RFC 6455) of 1,500 bytes each, as Finesse publishes and a desktop sends.

use crate::Outcome;

/// Bytes of each message's payload.
const MESSAGE: usize = 1500;

/// One sender's frames, over and over; every end knows what has to arrive.
#[derive(Debug)]
pub(crate) struct Script {
    bytes: Vec<u8>,
    /// Bytes of each frame, header included.
    frame: usize,
}

/// A place in a [`Script`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor(usize);

impl Script {
    /// What a Finesse publishes: one topic, or `mix` for all of them in turn.
    pub(crate) fn notifications(topic: &str) -> Outcome<Self> {
        let mut script = Self {
            bytes: Vec::new(),
            frame: MESSAGE + 4,
        };
        let topics: Vec<_> = TOPICS
            .iter()
            .filter(|(name, ..)| topic == "mix" || topic == *name)
            .collect();
        for round in 0..FRAMES {
            let at = round % topics.len().max(1);
            let (_, node, update) = topics
                .get(at)
                .ok_or_else(|| format!("there is no topic `{topic}`"))?;
            let agent = 1_001_000 + round;
            let node = node.replace("{agent}", &agent.to_string());
            let update = update.replace("{agent}", &agent.to_string());
            let message = notification(&node, &update, agent)?;
            script.bytes.extend([0x81, 126]);
            script.bytes.extend((MESSAGE as u16).to_be_bytes());
            script.bytes.extend(message.into_bytes());
        }
        Ok(script)
    }

    /// What a client sends: requests of the size of a notification, masked.
    pub(crate) fn stanzas() -> Outcome<Self> {
        let mut script = Self {
            bytes: Vec::new(),
            frame: MESSAGE + 8,
        };
        for round in 0..FRAMES {
            let mask = [0x37, 0xfa, 0x21, round as u8];
            let message = request(1_001_000 + round)?.into_bytes();
            script.bytes.extend([0x81, 0x80 | 126]);
            script.bytes.extend((MESSAGE as u16).to_be_bytes());
            script.bytes.extend(mask);
            let masked = message.iter().zip(mask.into_iter().cycle());
            script.bytes.extend(masked.map(|(byte, key)| byte ^ key));
        }
        Ok(script)
    }

    /// The next frame to send.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> &[u8] {
        let start = cursor.0;
        let end = start + self.frame;
        cursor.0 = end % self.bytes.len();
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Compares what arrived with what had to arrive; says how many frames it completes.
    pub(crate) fn check(&self, cursor: &mut Cursor, mut arrived: &[u8]) -> Outcome<u64> {
        let mut completed = 0;
        while !arrived.is_empty() {
            let left = self.frame - cursor.0 % self.frame;
            let length = left.min(arrived.len());
            let (part, rest) = arrived.split_at(length);
            if self.bytes.get(cursor.0..cursor.0 + length) != Some(part) {
                return Err("what arrived is not what was sent".into());
            }
            completed += u64::from(length == left);
            cursor.0 = (cursor.0 + length) % self.bytes.len();
            arrived = rest;
        }
        Ok(completed)
    }
}

/// What a Finesse publishes about.
pub(crate) fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(name, ..)| *name)
}

/// A publish-subscribe event (XEP-0060) with the `Update` as escaped text, as Finesse sends it.
fn notification(node: &str, update: &str, agent: usize) -> Outcome<String> {
    let before = format!(
        "<message from=\"pubsub.finesse.example.com\" to=\"{agent}@finesse.example.com\" id=\"{node}__{agent}@finesse.example.com__tvV7x\"><event xmlns=\"http://jabber.org/protocol/pubsub#event\"><items node=\"{node}\"><item id=\"79c1dd9a-2b8f-4f0b-9b1c-2f6a51f0{agent}\"><notification xmlns=\"http://jabber.org/protocol/pubsub\">"
    );
    let after = "</notification></item></items></event></message>";
    padded(&before, &escaped(update), after)
}

/// A request of a client; longer than most, so that both directions carry the same.
fn request(agent: usize) -> Outcome<String> {
    let before = format!(
        "<iq type=\"set\" id=\"publish{agent}\" to=\"pubsub.finesse.example.com\" xmlns=\"jabber:client\"><pubsub xmlns=\"http://jabber.org/protocol/pubsub\"><publish node=\"/finesse/api/User/{agent}/ClientLog\"><item><notification>"
    );
    let after = "</notification></item></publish></pubsub></iq>";
    let log = "<ClientLog><logData>{pad}</logData></ClientLog>";
    padded(&before, &escaped(log), after)
}

/// Fills the place for it, so that the whole has the size of every message.
fn padded(before: &str, text: &str, after: &str) -> Outcome<String> {
    let taken = before.len() + text.len() - PLACE.len() + after.len();
    let missing = MESSAGE
        .checked_sub(taken)
        .ok_or_else(|| format!("a message has {} bytes too many", taken - MESSAGE))?;
    let words: String = FILL.chars().cycle().take(missing).collect();
    Ok(format!("{before}{}{after}", text.replace(PLACE, &words)))
}

fn escaped(xml: &str) -> String {
    xml.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Frames until a script begins again.
const FRAMES: usize = 64;

/// Where a message may be lengthened.
const PLACE: &str = "{pad}";

const FILL: &str = "Lunch and a walk around the block ";

/// Name, node and `Update` of what is published.
const TOPICS: &[(&str, &str, &str)] = &[
    ("user", "/finesse/api/User/{agent}", USER),
    ("dialog", "/finesse/api/User/{agent}/Dialogs", DIALOG),
    ("team", "/finesse/api/Team/1/Users", TEAM),
    ("queue", "/finesse/api/Queue/7/Users", QUEUE),
];

const USER: &str = "<Update><data><user><dialogs>/finesse/api/User/{agent}/Dialogs</dialogs><extension>{agent}</extension><firstName>Agent</firstName><lastName>Two</lastName><loginId>{agent}</loginId><loginName>agent2</loginName><mediaType>1</mediaType><pendingState></pendingState><ReasonCode><code>10</code><label>{pad}</label></ReasonCode><reasonCodeId>16</reasonCodeId><roles><role>Agent</role></roles><state>NOT_READY</state><stateChangeTime>2026-11-23T11:02:03.004Z</stateChangeTime><teamId>1</teamId><uri>/finesse/api/User/{agent}</uri></user></data><event>PUT</event><requestId>5f4c</requestId><source>/finesse/api/User/{agent}</source></Update>";

const DIALOG: &str = "<Update><data><dialog><fromAddress>{agent}</fromAddress><id>16804377</id><mediaProperties><callType>ACD_IN</callType><callvariables><CallVariable><name>callVariable1</name><value>Chuck Smith</value></CallVariable><CallVariable><name>user_note</name><value>{pad}</value></CallVariable></callvariables></mediaProperties><participants><Participant><mediaAddress>{agent}</mediaAddress><state>ACTIVE</state></Participant></participants><state>ACTIVE</state><toAddress>1081001</toAddress></dialog></data><event>PUT</event><source>/finesse/api/Dialog/16804377</source></Update>";

const TEAM: &str = "<Update><data><team><uri>/finesse/api/Team/1</uri><id>1</id><name>{pad}</name><users><User><dialogs>/finesse/api/User/{agent}/Dialogs</dialogs><extension>{agent}</extension><firstName>Agent</firstName><lastName>Two</lastName><loginId>{agent}</loginId><loginName>agent2</loginName><pendingState></pendingState><state>READY</state><stateChangeTime>2026-11-23T11:02:03.004Z</stateChangeTime><uri>/finesse/api/User/{agent}</uri></User></users></team></data><event>PUT</event><source>/finesse/api/Team/1</source></Update>";

const QUEUE: &str = "<Update><data><Queue><uri>/finesse/api/Queue/7</uri><name>{pad}</name><statistics><callsInQueue>3</callsInQueue><startTimeOfLongestCallInQueue>2026-11-23T11:02:03Z</startTimeOfLongestCallInQueue><agentsReady>12</agentsReady><agentsNotReady>4</agentsNotReady><agentsTalkingInbound>7</agentsTalkingInbound><agentsTalkingOutbound>0</agentsTalkingOutbound><agentsWrapUpReady>1</agentsWrapUpReady></statistics></Queue></data><event>PUT</event><source>/finesse/api/Queue/7</source></Update>";
