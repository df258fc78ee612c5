//! The names of fields whose values are about a person: one row a name.

use std::collections::HashMap;

use crate::redact::pseudonym::Class;

/// Which values of a field are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    /// All.
    Any,
    /// Those in an element: elsewhere the name means other things.
    Element,
    /// Those of digits alone, such as an extension that serves as a resource.
    Digits,
}

/// The table, for look-ups by name.
#[derive(Debug)]
pub(super) struct Fields(HashMap<&'static str, (Class, Only)>);

impl Fields {
    pub(super) fn new() -> Self {
        let rows = |rows: &[(&[&'static str], Class, Only)]| {
            let one = |(names, class, only): &(&[&'static str], Class, Only)| {
                let row = (*class, *only);
                names
                    .iter()
                    .map(move |name| (*name, row))
                    .collect::<Vec<_>>()
            };
            rows.iter().flat_map(one).collect()
        };
        Self(rows(FIELDS))
    }

    /// What the name announces. `name` is in lower case.
    pub(super) fn class_of(&self, name: &str) -> Option<(Class, Only)> {
        let mut buffer = [0_u8; NAME_LONGEST];
        let mut length = 0;
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            *buffer.get_mut(length)? = byte;
            length += 1;
        }
        let plain = std::str::from_utf8(buffer.get(..length)?).ok()?;
        self.0.get(plain).copied().or_else(|| {
            let fits = |(ending, _): &&(&str, Class)| plain.ends_with(ending);
            let (_, class) = ENDINGS.iter().find(fits)?;
            Some((*class, Only::Any))
        })
    }
}

/// Whether the name is one of servers, products or versions, whose addresses and numbers stay.
pub(super) fn is_technical(name: &str) -> bool {
    [
        "host", "server", "hostname", "domain", "node", "version", "ver", "origin", "url", "uri",
    ]
    .iter()
    .any(|ending| name.ends_with(ending))
        || matches!(name, "v" | "rv" | "by" | "user-agent" | "via" | "oid")
}

/// Names as they stand, punctuation left out and in lower case. Finesse's own names come first in each row.
const FIELDS: &[(&[&str], Class, Only)] = &[
    (
        &[
            "loginid",
            "loginname",
            "ccusername",
            "user",
            "userid",
            "username",
            "userlogin",
            "login",
            "uid",
            "sub",
            "upn",
            "userprincipalname",
            "uniquename",
            "samaccountname",
            "agent",
            "agentid",
            "supervisor",
            "supervisorid",
            "authcid",
            "authzid",
            "createdby",
            "updatedby",
            "xremoteuser",
        ],
        Class::User,
        Only::Any,
    ),
    (
        &[
            "firstname",
            "lastname",
            "middlename",
            "displayname",
            "fullname",
            "givenname",
            "familyname",
            "surname",
            "nickname",
            "nick",
            "agentname",
            "callername",
            "calleridname",
            "customername",
            "contactname",
            "supervisorname",
        ],
        Class::Name,
        Only::Any,
    ),
    (
        &[
            "ani",
            "dnis",
            "fromaddress",
            "toaddress",
            "dialednumber",
            "dialnumber",
            "dtmfstring",
            "dtmf",
            "diallednumber",
            "dialeddigits",
            "callingnumber",
            "callednumber",
            "calleridnumber",
            "callerid",
            "callbacknumber",
            "originalcallednumber",
            "redirectingnumber",
            "phonenumber",
            "phone",
            "telephone",
            "tel",
            "mobile",
            "msisdn",
            "homephone",
            "workphone",
            "fax",
        ],
        Class::Phone,
        Only::Any,
    ),
    (
        &[
            "extension",
            "extensionnumber",
            "mediaaddress",
            "agentextension",
            "agentinstrument",
            "lineaddress",
            "deviceid",
            "devicename",
            "stationid",
        ],
        Class::Extension,
        Only::Any,
    ),
    (&["resource"], Class::Extension, Only::Digits),
    (
        &["email", "emailaddress", "emailid", "mail"],
        Class::Email,
        Only::Any,
    ),
    (
        &[
            "xforwardedfor",
            "forwarded",
            "xrealip",
            "clientip",
            "clientaddress",
            "clienthost",
            "remoteaddr",
            "remoteaddress",
            "remoteip",
            "remotehost",
            "sourceip",
            "userip",
            "cfconnectingip",
            "computername",
            "machinename",
            "workstation",
        ],
        Class::Address,
        Only::Any,
    ),
    (&["body", "content"], Class::Message, Only::Element),
];

/// Names that end so, punctuation left out.
const ENDINGS: &[(&str, Class)] = &[
    ("username", Class::User),
    ("userid", Class::User),
    ("loginid", Class::User),
    ("loginname", Class::User),
    ("agentid", Class::User),
    ("remoteuser", Class::User),
    ("forwardeduser", Class::User),
    ("firstname", Class::Name),
    ("lastname", Class::Name),
    ("displayname", Class::Name),
    ("fullname", Class::Name),
    ("agentname", Class::Name),
    ("phonenumber", Class::Phone),
    ("telephonenumber", Class::Phone),
    ("mobilenumber", Class::Phone),
    ("dialednumber", Class::Phone),
    ("email", Class::Email),
    ("emailaddress", Class::Email),
    ("clientip", Class::Address),
];

/// A longer name is none of these, in bytes.
const NAME_LONGEST: usize = 48;
