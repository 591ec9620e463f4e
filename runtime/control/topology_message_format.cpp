// u8 version | u8 1: to a node, 2: to a director | u8 which | its members
#include "runtime/control/topology_message_format.hpp"

#include "runtime/delivery/fields.hpp"
#include "runtime/wire/alternative.hpp"
#include "runtime/wire/checked_fields.hpp"

#include <utility>

namespace millrace {

void fields(auto& c, wire::like<error> auto& e) {
  wire::field_of_kind(c, e.code, ec::internal);
  wire::field_of_kind(c, e.whose, fault::ours);
  c.members(e.retry, e.message, e.stage);
}

}  // namespace millrace

namespace millrace::delivery {

void fields(auto& c, wire::like<verdict> auto& v) { c.members(v.log, v.at, v.error); }
static void fields(wire::encoder& c, const ledger& l) { l.encode(c.out); }
static void fields(wire::decoder& c, ledger& l) {
  if (!l.decode(c.in))
    c.in.fail();
}

}  // namespace millrace::delivery

namespace millrace::messages {

void fields(auto& c, wire::like<partition_found> auto& m) { c.members(m.lane, m.life, m.partition, m.first); }
void fields(auto& c, wire::like<stands_at> auto& m) { c.members(m.actor, m.life, m.slowest); }
void fields(auto& c, wire::like<completed> auto& m) { c.members(m.actor, m.life, m.found); }
void fields(auto& c, wire::like<stage_failed> auto& m) { c.members(m.actor, m.life, m.why); }
void fields(auto& c, wire::like<stopped> auto& m) { c.members(m.actor, m.life); }
void fields(auto& c, wire::like<report_part> auto& m) {
  c.members(m.actor, m.life, m.counts, m.rows, m.late_at_shard, m.rejected, m.vector);
}

}  // namespace millrace::messages

namespace millrace::control {

namespace director_effects {

void fields(auto& c, wire::like<tell_receiver> auto& o) {
  c.members(o.to, o.index, o.receiver, o.lives, o.life);
}
void fields(auto& c, wire::like<tell_sender> auto& o) { c.members(o.to, o.log, o.sender, o.life); }
void fields(auto& c, wire::like<tell_dead_letter_sink> auto& o) { c.members(o.to, o.sink, o.life); }
void fields(auto& c, wire::like<tell_log> auto& o) { c.members(o.to, o.log, o.start); }
void fields(auto& c, wire::like<tell_partition> auto& o) { c.members(o.to, o.partition, o.reader); }
void fields(auto& c, wire::like<tell_slowest> auto& o) { c.members(o.to, o.slowest); }
void fields(auto& c, wire::like<collect> auto& o) { c.members(o.from); }
void fields(auto& c, wire::like<stop> auto& o) { c.members(o.who); }
void fields(auto& c, wire::like<tell_paused> auto& o) { c.members(o.to, o.is_paused); }
void fields(auto& c, wire::like<restart> auto& o) { c.members(o.who); }

}  // namespace director_effects

void fields(auto& c, wire::like<found_partition> auto& f) {
  c.members(f.parser, f.name, f.log, f.start, f.lane);
}

template<class... Each>
void alternative(wire::encoder& c, const std::variant<Each...>& what) {
  c.out.fixed(static_cast<std::uint8_t>(what.index()));
  std::visit([&](const auto& x) { c.field(x); }, what);
}
template<class... Each>
void alternative(wire::decoder& c, std::variant<Each...>& what) {
  if (!wire::emplace_alternative(what, c.in.fixed<std::uint8_t>()) || !c.in.ok())
    return c.in.fail();
  std::visit([&](auto& x) { c.field(x); }, what);
}

void fields(auto& c, wire::like<actor_told> auto& m) {
  c.members(m.topology, m.to, m.node);
  alternative(c, m.what);
}

void fields(auto& c, wire::like<prepare_life> auto& m) {
  c.members(m.topology, m.actor, m.next, m.give_up);
  wire::field_of_map(c, m.settled);
}
void fields(auto& c, wire::like<actor_said> auto& m) {
  c.members(m.topology);
  alternative(c, m.what);
}
void fields(auto& c, wire::like<actor_began> auto& m) { c.members(m.topology, m.actor, m.now); }
void fields(auto& c, wire::like<actor_over> auto& m) { c.members(m.topology, m.actor, m.last); }
void fields(auto& c, wire::like<actor_failed> auto& m) { c.members(m.topology, m.actor, m.last, m.why); }
void fields(auto& c, wire::like<life_prepared> auto& m) {
  bool at_lowest = m.how == delivery::lane_log::start::at_lowest;
  c.members(m.topology, m.actor, m.next, at_lowest, m.found, m.verdicts, m.crashed);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(m)>>)
    m.how = at_lowest ? delivery::lane_log::start::at_lowest : delivery::lane_log::start::at_furthest;
}

namespace {

constexpr std::uint8_t message_version = 4;
enum class goes : std::uint8_t { to_node = 1, to_director = 2 };

template<class Message>
std::string encode(goes way, const Message& m) {
  wire::writer out;
  out.fixed(message_version);
  out.fixed(static_cast<std::uint8_t>(way));
  wire::encoder to{out};
  alternative(to, m);
  return out.take();
}

template<class Message>
expected<Message> decode(goes way, std::string_view bytes) {
  wire::reader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); in.ok() && version != message_version)
    return fatal_error(ec::unsupported,
                       "a message of a director is of another version; run the same version on all nodes");
  if (in.fixed<std::uint8_t>() != static_cast<std::uint8_t>(way))
    in.fail();
  Message m;
  wire::decoder from{in};
  alternative(from, m);
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "a message of a director is malformed");
  return m;
}

}  // namespace

std::string encode_to_node(const to_node_of_actors& m) { return encode(goes::to_node, m); }
std::string encode_to_director(const to_director& m) { return encode(goes::to_director, m); }
expected<to_node_of_actors> decode_to_node(std::string_view bytes) {
  return decode<to_node_of_actors>(goes::to_node, bytes);
}
expected<to_director> decode_to_director(std::string_view bytes) {
  return decode<to_director>(goes::to_director, bytes);
}

const std::string& topology_of(const to_node_of_actors& m) {
  return std::visit([](const auto& x) -> const std::string& { return x.topology; }, m);
}
const std::string& topology_of(const to_director& m) {
  return std::visit([](const auto& x) -> const std::string& { return x.topology; }, m);
}

const std::string& receiver_of(const actor_order& o) {
  return std::visit(
      []<class Order>(const Order& x) -> const std::string& {
        if constexpr (std::is_same_v<Order, director_effects::collect>)
          return x.from;
        else if constexpr (std::is_same_v<Order, director_effects::stop> ||
                           std::is_same_v<Order, director_effects::restart>)
          return x.who;
        else
          return x.to;
      },
      o);
}

std::pair<const std::string&, const life&> sender_of(const actor_news& n) {
  return std::visit(
      []<class News>(const News& x) -> std::pair<const std::string&, const life&> {
        if constexpr (std::is_same_v<News, messages::partition_found>)
          return {x.lane, x.life};
        else
          return {x.actor, x.life};
      },
      n);
}

}  // namespace millrace::control
