#include "actors/connectors/generator/generator_source.hpp"

#include "actors/connectors/generator/generator_reader.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <algorithm>

namespace millrace::source {
namespace {

using config::option_type;

/// Event time between two records, where neither spacing nor a rate nor bursts say it.
constexpr micros default_spacing{1'000};

micros spacing_of(const config::values& options) {
  if (options.has("spacing"))
    return options.duration("spacing");
  auto spacing = default_spacing;
  if (options.has("rate"))
    spacing = micros(static_cast<std::int64_t>(1e6 / options.rate("rate")));
  else if (options.has("burst"))
    spacing = options.duration("pause") / options.integer("burst");
  return std::max(spacing, micros(1));
}

}  // namespace

config::connector generator_source_declaration() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "generator";
  c.doc = "Makes records itself, the same for the same seed, as JSON text that a parser reads";
  c.options = {
      {.name = "kind",
       .type = option_type::choice,
       .doc = "What the records are: clicks on a shop, sales, answers to meetings, events of a music service "
              "or of a game",
       .required = true,
       .choices = record_kinds()},
      {.name = "seed",
       .type = option_type::integer,
       .doc = "Another seed makes other records",
       .default_text = "1"},
      {.name = "count",
       .type = option_type::integer,
       .doc = "How many records; without it the source has no end",
       .minimum = 0},
      {.name = "burst",
       .type = option_type::integer,
       .doc = "Makes this many records at once, then waits for `pause`; used in the place of `rate`",
       .minimum = 1},
      {.name = "pause", .type = option_type::duration, .doc = "The time between two bursts", .minimum = 1},
      {.name = "spacing",
       .type = option_type::duration,
       .doc = "Event time between two records. Default: the time between records by `rate`, or the "
              "pause divided by the burst, else a millisecond",
       .minimum = 1},
      {.name = "start_time",
       .type = option_type::text,
       .doc = "Event time of the first record; default: the moment of the first start",
       .plain = true},
  };
  c.check = [](const config::check_input& in, const config::say& say) {
    const auto& o = in.options;
    if (o.has("burst") != o.has("pause"))
      say(o.has("burst") ? "burst" : "pause",
          "bursts need the pause between them; expected both \"burst\" and \"pause\"");
    if (o.has("burst") && o.has("rate"))
      say("rate", "a source has a rate or bursts; expected \"rate\", or \"burst\" with \"pause\"");
    if (o.has("start_time"))
      if (const auto t = expression::parse_timestamp(o.text("start_time")); !t)
        say("start_time",
            t.error().message + "; expected one such as \"2021-04-24 19:55:00\", UTC without a zone");
  };
  c.source = [](const config::values& options) {
    // Timestamps are made like the records: the same in every life.
    return config::source_traits{
        .place = options.text("kind"), .bounded = options.has("count"), .stores_timestamps = true};
  };
  return c;
}

expected<std::unique_ptr<reader>> make_generator_reader(const config::values& options,
                                                        const wall_clock& clock) {
  generator_options o;
  const auto kind = parse_record_kind(options.text("kind"));
  if (!kind)
    return our_error("a kind of records that is not declared: " + options.text("kind"));
  o.records.kind = *kind;
  o.records.seed = static_cast<std::uint64_t>(options.integer("seed"));
  if (options.has("start_time")) {
    ASSIGN_OR_RETURN(o.epoch, expression::parse_timestamp(options.text("start_time")));
  }
  o.records.step = spacing_of(options);
  o.has_rate = options.has("rate");
  if (options.has("count"))
    o.count = static_cast<std::uint64_t>(options.integer("count"));
  if (options.has("burst")) {
    o.burst = static_cast<std::uint64_t>(options.integer("burst"));
    o.pause = std::chrono::duration_cast<std::chrono::milliseconds>(options.duration("pause"));
  }
  return std::make_unique<generator_reader>(o, clock);
}

connector generator_source_connector() {
  return {.declared = generator_source_declaration(),
          .reader = [](const config::values& options, const wants&, const connector_context& at) {
            return make_generator_reader(options, *at.clock);
          }};
}

}  // namespace millrace::source
