#include "actors/connectors/kafka/sink/record_encoder.hpp"

#include "config/text/report.hpp"
#include "runtime/avro/row_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

class avro_encoder final : public record_encoder {
public:
  explicit avro_encoder(avro::row_encoder rows) : rows_(std::move(rows)) {}
  bool append(std::string& out, const data::batch& rows, std::size_t row) override {
    return rows_.append(out, rows, row);
  }
  std::string why() const override { return rows_.why(); }

private:
  avro::row_encoder rows_;
};

}  // namespace

unexpected unfit(std::vector<std::string> reasons) {
  constexpr std::size_t most_shown = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(reasons.size(), most_shown); ++i)
    out += (i > 0 ? "; " : "") + reasons[i];
  if (reasons.size() > most_shown)
    out += fmt::format("; and {} more", reasons.size() - most_shown);
  return user_error(ec::mismatch, std::move(out));
}

expected<std::unique_ptr<record_encoder>> make_avro_encoder(const std::string& schema,
                                                            const written_columns& what) {
  ASSIGN_OR_RETURN(auto parsed, avro::parse_schema(schema));
  auto rows = avro::row_encoder::of(std::move(parsed), what.rows, what.columns, what.is_bare);
  if (rows)
    return std::make_unique<avro_encoder>(std::move(*rows));
  std::vector<std::string> reasons;
  for (auto& u : rows.error())
    reasons.push_back(u.message + (u.name.empty() ? std::string() : config::did_you_mean(u.name, u.known)));
  return unfit(std::move(reasons));
}

expected<std::unique_ptr<record_encoder>> make_encoder(registry::schema_kind kind, const std::string& schema,
                                                       const std::string& message,
                                                       const written_columns& what) {
  switch (kind) {
  case registry::schema_kind::avro:
    return make_avro_encoder(schema, what);
  case registry::schema_kind::protobuf:
    return make_message_encoder(schema, message, what);
  case registry::schema_kind::json:
    return make_json_encoder(schema, what);
  }
  return our_error("a schema of no kind");
}

}  // namespace millrace::sink
