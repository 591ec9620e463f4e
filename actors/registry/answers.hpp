// The schema registry's API as Confluent has defined it and others offer it: where each thing is, and what an answer means.
// Pure.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::registry {

enum class schema_kind : std::uint8_t { avro, protobuf, json };
/// "AVRO", "PROTOBUF", "JSON", as the API writes them.
[[nodiscard]] std::string_view to_string(schema_kind kind);

/// A schema that another one names: an Avro type by its full name, a Protobuf file by the name it is imported by.
struct reference {
  std::string name;
  std::string subject;
  std::int64_t version = 0;
  friend bool operator==(const reference&, const reference&) = default;
};

struct schema {
  schema_kind kind = schema_kind::avro;
  std::string text;
  std::vector<reference> references{};
  std::optional<std::uint64_t> id{};  // as an answer about a subject's version has it
};

/// An answer that is about what was asked for.
template<class T>
struct looked {
  std::optional<T> found{};
  std::string why{};  // there is none, in one clause
};

// Paths behind the registry's URL.
[[nodiscard]] std::string path_of_id(std::uint64_t id);
/// `version`: a number, or "latest".
[[nodiscard]] std::string path_of_version(std::string_view subject, std::string_view version);
[[nodiscard]] std::string path_of_subject(std::string_view subject);
[[nodiscard]] std::string path_of_versions(std::string_view subject);

/// The body of a request that sends a schema.
[[nodiscard]] std::string body_of(const schema& s);

/// A schema, of its id or of a subject's version.
/// Errors, for this and the others below: ec::unavailable with retry where the registry is away, or where something else than
/// a registry answers (a page of a proxy, say); ec::refused of the user where it wants other credentials.
[[nodiscard]] expected<looked<schema>> read_schema(const std::string& registry, const http::answer& a);
/// The id of a schema that was looked up in a subject, or added to it. A registry that refuses a schema says why: ec::refused.
[[nodiscard]] expected<looked<std::uint64_t>> read_id(const std::string& registry, const http::answer& a);

}  // namespace millrace::registry
