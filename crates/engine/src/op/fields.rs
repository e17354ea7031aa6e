//! The fields of a parameter struct, asked of its own `Deserialize`, so that they stand in one
//! place only.
//!
//! In: a type. Out: the name of each of its fields, how deep the lists of that field's values
//! nest, and whether they are texts. Never makes a value: every question ends in an error that carries the answer aside.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::ParamDecl;

pub(super) fn of<T: DeserializeOwned>() -> Vec<ParamDecl> {
    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(Question::Names(&mut names));
    let field = |name: &&'static str| {
        let mut decl = ParamDecl { name, depth: 0, is_text: false };
        let _ = T::deserialize(Question::Field(&mut decl));
        decl
    };
    names.iter().map(field).collect()
}

fn asked() -> Error {
    Error::custom("asked")
}

enum Question<'a> {
    Names(&'a mut &'static [&'static str]),
    /// Of one field: the struct is handed that field alone, and says what it makes of the value.
    Field(&'a mut ParamDecl),
}

impl<'de> Deserializer<'de> for Question<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Question::Names(names) => {
                *names = fields;
                Err(asked())
            }
            Question::Field(decl) => visitor.visit_map(Field(decl)),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Field<'a>(&'a mut ParamDecl);

impl<'de> MapAccess<'de> for Field<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        seed.deserialize(StrDeserializer::new(self.0.name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Wanted(self.0))
    }
}

/// Counts the lists that a type asks for until it asks for something else, and notes whether that is a text.
struct Wanted<'a>(&'a mut ParamDecl);

impl<'de> Deserializer<'de> for Wanted<'_> {
    type Error = Error;

    fn deserialize_str<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.0.is_text = true;
        Err(asked())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.depth += 1;
        visitor.visit_seq(Item(self.0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(asked())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Item<'a>(&'a mut ParamDecl);

impl<'de> SeqAccess<'de> for Item<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        seed.deserialize(Wanted(self.0)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_struct() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct P {
            epochs: u32,
            rate: f64,
            hidden: Vec<usize>,
            layers: Option<Vec<(u32, u32)>>,
            #[serde(default)]
            files: std::collections::BTreeMap<String, Vec<String>>,
            network: String,
            dataset: serde_json::Value,
        }
        let fields = of::<P>();
        let depths: Vec<(&str, usize)> = fields.iter().map(|field| (field.name, field.depth)).collect();
        let lists = [("epochs", 0), ("rate", 0), ("hidden", 1), ("layers", 2), ("files", 0)];
        assert_eq!(depths, [&lists[..], &[("network", 0), ("dataset", 0)]].concat());
        let texts: Vec<&str> = fields.iter().filter(|field| field.is_text).map(|field| field.name).collect();
        assert_eq!(texts, ["network"]);
    }
}
