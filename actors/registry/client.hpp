// A client of a schema registry, over HTTP. Blocks; it belongs to one thread and keeps its connection.
#pragma once

#include "actors/connectors/http/client/exchange.hpp"
#include "actors/registry/access.hpp"
#include "actors/registry/answers.hpp"
#include "actors/registry/schema_store.hpp"

#include <atomic>

namespace millrace::registry {

/// A longer schema is none; with all that it references, too.
inline constexpr std::uint64_t longest_schema = 6'000'000;
inline constexpr std::size_t most_references = 64;
inline constexpr std::size_t deepest_reference = 16;

class client final : public schema_store {
public:
  /// `kind`: the schemas that it is for; `also`: those of keys, where they are of another kind.
  client(access where, schema_kind kind, std::optional<schema_kind> also = {});

  /// Schemas that an Avro schema references are put into it. Protobuf's imports of other subjects are not.
  [[nodiscard]] expected<fetched> fetch(std::uint64_t id) override;
  void interrupt() override { stop_ = true; }
  void on_silence(std::function<void(std::chrono::seconds)> tell) override {
    tell_silence_ = std::move(tell);
  }

  /// The schema of a subject's version (none: the newest), as parsers take it. Errors: the subject has none, or none of this kind.
  [[nodiscard]] expected<std::string> of_subject_whole(const std::string& subject,
                                                       std::optional<std::int64_t> version);

  /// The newest with its id.
  struct newest_schema {
    std::string text;
    std::uint64_t id = 0;
  };
  [[nodiscard]] expected<newest_schema> newest_with_id(const std::string& subject);

  // One call of the API each; errors are those of answers.hpp.
  [[nodiscard]] expected<looked<schema>> by_id(std::uint64_t id);
  /// `version`: a number, or "latest".
  [[nodiscard]] expected<looked<schema>> of_subject(std::string_view subject, std::string_view version);
  /// The id that this schema has in the subject.
  [[nodiscard]] expected<looked<std::uint64_t>> id_in(std::string_view subject, const schema& s);
  /// Adds it to the subject, unless it has it.
  [[nodiscard]] expected<looked<std::uint64_t>> add(std::string_view subject, const schema& s);

private:
  [[nodiscard]] expected<http::answer> ask(std::string method, const std::string& path,
                                           std::string body = {});
  /// That version of the subject (none: the newest), and a schema of it as one text. Errors: there is none.
  [[nodiscard]] expected<schema> version_in(const std::string& subject, std::optional<std::int64_t> version);
  [[nodiscard]] expected<std::string> whole_of(const std::string& subject,
                                               std::optional<std::int64_t> version, schema s);
  [[nodiscard]] unexpected none_in(const std::string& subject, std::optional<std::int64_t> version,
                                   std::string_view why) const;
  /// The schema as one text, or why there is none.
  [[nodiscard]] expected<fetched> whole(schema s);
  /// The texts of everything that it references. No value: there is no such text, and `why` says so.
  [[nodiscard]] expected<std::optional<std::vector<std::string>>> referenced_by(const schema& s,
                                                                                std::string& why);

  access where_;
  schema_kind kind_;
  schema_kind also_;
  std::atomic<bool> stop_ = false;
  std::function<void(std::chrono::seconds)> tell_silence_;
  http::exchange exchange_;
};

}  // namespace millrace::registry
