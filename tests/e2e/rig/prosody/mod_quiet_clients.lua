-- Times out agents who say nothing for Prosody's read timeout, which it answers by itself with a keep-alive otherwise.
-- The option `quiet_clients` says how: "asked" sends them an XMPP ping at the first time and ends their stream with
-- connection-timeout at the second, as Openfire does from 4.8 on and `mod_pinger` of Prosody's community modules;
-- "dropped" leaves it to Prosody, which ends the connection without a word. The publisher is spared.

local st = require "util.stanza";

local manner = module:get_option_string("quiet_clients");
local publisher = module:get_option_string("quiet_clients_spared");

module:hook("c2s-read-timeout", function (event)
	local session = event.session;
	if not session.full_jid or session.username == publisher then return; end
	if manner == "dropped" then return false; end
	if session.asked then
		session:close({ condition = "connection-timeout"; text = "Idle connection" });
	else
		session.asked = true;
		session.send(st.iq({ type = "get"; id = "idle"; from = session.host; to = session.full_jid })
			:tag("ping", { xmlns = "urn:xmpp:ping" }));
	end
	return true;
end, 50);
