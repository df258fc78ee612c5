//! Reading JSON of which nothing is certain: what has another type than expected is passed over, never an error.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What takes the members of an object, one at a time.
pub(super) trait Object {
    /// Reads the value of the member `name`, wanted or not.
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// What takes the elements of an array, one at a time.
pub(super) trait Array {
    /// Reads the next element; false where there is none.
    fn element<'de, A: SeqAccess<'de>>(&mut self, seq: &mut A) -> Result<bool, A::Error>;
}

/// A seed that hands the members of an object to its taker.
pub(super) struct Members<'a, T>(pub(super) &'a mut T);

/// A seed that hands the elements of an array to its taker.
pub(super) struct Elements<'a, T>(pub(super) &'a mut T);

/// A value that is neither object nor array.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) enum Scalar {
    /// `null`, an object, an array, or nothing.
    #[default]
    None,
    /// `true` or `false`.
    Truth(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
}

impl Scalar {
    /// The text, if it is one.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, also where it is written as a string.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite()),
            Self::None | Self::Truth(_) => None,
        }
    }

    /// A count: a number that is not negative.
    pub(super) fn count(&self) -> Option<u64> {
        let number = self.number().filter(|number| *number >= 0.0)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and a larger one is cut to the largest"
        )]
        Some(number as u64)
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        *self == Self::Truth(true)
    }

    /// As text, whatever it is.
    pub(super) fn into_string(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// The next member's value as a scalar.
pub(super) fn scalar<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Scalar, A::Error> {
    map.next_value_seed(Any(TakeScalar))
}

/// The next element as a scalar; `None` at the end.
pub(super) fn next_scalar<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Option<Scalar>, A::Error> {
    seq.next_element_seed(Any(TakeScalar))
}

/// Passes over the next member's value.
pub(super) fn pass<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// What to do with each shape of value.
trait Take: Sized {
    type Value: Default;

    fn scalar(self, _scalar: Scalar) -> Self::Value {
        Self::Value::default()
    }

    fn array<'de, A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::Value::default())
    }

    fn object<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::Value::default())
    }
}

struct TakeScalar;

impl Take for TakeScalar {
    type Value = Scalar;

    fn scalar(self, scalar: Scalar) -> Scalar {
        scalar
    }
}

impl<T: Object> Take for Members<'_, T> {
    type Value = ();

    fn object<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.0.member(&name, &mut map)?;
        }
        Ok(())
    }
}

impl<T: Array> Take for Elements<'_, T> {
    type Value = ();

    fn array<'de, A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while self.0.element(&mut seq)? {}
        Ok(())
    }
}

impl<'de, T: Object> DeserializeSeed<'de> for Members<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Any(self))
    }
}

impl<'de, T: Array> DeserializeSeed<'de> for Elements<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Any(self))
    }
}

struct Any<T>(T);

impl<'de, T: Take> DeserializeSeed<'de> for Any<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Take> Visitor<'de> for Any<T> {
    type Value = T::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Truth(truth)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, and nothing larger is meant"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Number(number as f64)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, and nothing larger is meant"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Number(number as f64)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Text(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::Text(text)))
    }

    fn visit_unit<E>(self) -> Result<T::Value, E> {
        Ok(self.0.scalar(Scalar::None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T::Value, A::Error> {
        self.0.array(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T::Value, A::Error> {
        self.0.object(map)
    }
}
