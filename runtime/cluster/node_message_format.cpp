// u8 version | u8 1: a command, 2: an event | a command: epoch, session | u8 which, its members
#include "runtime/cluster/node_message_format.hpp"

#include "runtime/cluster/control_fields.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/wire/alternative.hpp"

#include <fmt/format.h>

#include <array>
#include <concepts>
#include <limits>
#include <optional>
#include <utility>

namespace millrace::cluster {
namespace {

constexpr std::uint8_t message_version = 3;
enum class direction : std::uint8_t { command = 1, event = 2 };

/// The greatest for which number_of() stands for one life alone.
constexpr incarnation most_terms = (incarnation{1} << (64 - count_bits)) - 1;

/// They stand in the order of node_command::what and of node_event.
constexpr std::array<std::string_view, std::variant_size_v<decltype(node_command::what)>> command_names{
    "register_again", "welcome", "leave", "start", "stop", "detach"};
constexpr std::array<std::string_view, std::variant_size_v<node_event>> event_names{
    "registration", "life_began", "life_ended", "epoch_refused"};

/// Each call writes one member, or reads it where the other class has the same call.
class message_writer {
public:
  explicit message_writer(direction way) {
    out_.fixed(message_version);
    out_.fixed(static_cast<std::uint8_t>(way));
  }
  void number(std::string_view, std::unsigned_integral auto v) { out_.varint(v); }
  void term(std::string_view, incarnation v) { out_.varint(v); }
  void life(std::string_view, const millrace::life& v) {
    out_.varint(v.term);
    out_.varint(v.count);
  }
  void name(std::string_view, const std::string& v) { out_.string(v); }
  void actor(const actor_id& v) {
    out_.string(v.topology);
    out_.string(v.name);
  }
  void text(std::string_view, const std::string& v) {
    out_.string(std::string_view(v).substr(0, max_text_bytes));
  }
  void records(std::string_view, const std::optional<attempt>& v) { wire::encoder{out_}.field(v); }
  void end_of_life(life_end v) { out_.fixed(static_cast<std::uint8_t>(v)); }
  void flag(std::string_view, bool v) { out_.fixed(static_cast<std::uint8_t>(v)); }
  template<class T>
  void list(std::string_view, const std::vector<T>& all) {
    out_.varint(all.size());
    for (const auto& x : all)
      members(*this, x);
  }
  template<class... Each>
  void one_of(const std::variant<Each...>& what) {
    out_.fixed(static_cast<std::uint8_t>(what.index()));
    std::visit([this](const auto& m) { members(*this, m); }, what);
  }
  [[nodiscard]] std::string take() { return out_.take(); }

private:
  wire::writer out_;
};

/// Keeps the first thing that is wrong; from there on it reads zeros and nothing.
class message_reader {
public:
  message_reader(std::string_view bytes, direction way)
      : in_(bytes), message_(way == direction::command ? "a coordinator's command" : "a node's report") {
    if (bytes.size() > max_node_message_bytes)
      refuse(fmt::format("it has {} bytes, and {} are the most", bytes.size(), max_node_message_bytes));
    const auto version = byte("its version");
    if (in_.ok() && version > message_version)
      fail({ec::unsupported,
            fault::user,
            false,
            fmt::format("{} has format {}, this version of millrace reads up to {}; run the later version on "
                        "this node",
                        message_, version, message_version),
            {}});
    if (version != message_version)
      refuse(fmt::format("its version is {}, and {} is expected", version, message_version));
    if (const auto is = byte("its kind"); is != static_cast<std::uint8_t>(way))
      refuse(fmt::format("it is of kind {}, and {} is expected", is, static_cast<std::uint8_t>(way)));
  }

  template<std::unsigned_integral T>
  void number(std::string_view what, T& v) {
    v = static_cast<T>(bounded(what, std::numeric_limits<T>::max()));
  }
  void term(std::string_view what, incarnation& v) { v = bounded(what, most_terms); }
  void life(std::string_view what, millrace::life& v) {
    v.term = bounded(what, most_terms);
    v.count = static_cast<std::uint32_t>(bounded(what, most_counts));
  }
  void name(std::string_view what, std::string& v) {
    v = bytes(what, max_name_bytes);
    if (v.empty())
      refuse(fmt::format("{} is empty", what));
  }
  void actor(actor_id& v) {
    name("the topology of an actor", v.topology);
    name("the name of an actor", v.name);
  }
  void text(std::string_view what, std::string& v) { v = bytes(what, max_text_bytes); }
  void records(std::string_view what, std::optional<attempt>& v) {
    wire::decoder{in_}.field(v);
    if (!in_.ok())
      refuse(fmt::format("{} is cut off, or none", what));
  }
  void end_of_life(life_end& v) {
    constexpr auto last = static_cast<std::uint8_t>(life_end::worn_out);
    const auto how = byte("how it ended");
    if (how > last)
      refuse(fmt::format("how it ended is {}, and {} is the most", how, last));
    else
      v = life_end{how};
  }
  void flag(std::string_view what, bool& v) {
    const auto is = byte(what);
    if (is > 1)
      refuse(fmt::format("{} is {}, and 1 is the most", what, is));
    v = is == 1;
  }
  template<class T>
  void list(std::string_view what, std::vector<T>& all) {
    // Grows with what is there: a count from outside reserves nothing.
    const auto count = varint(what);
    if (count > max_listed_actors)
      refuse(fmt::format("{} are {}, and {} are the most", what, count, max_listed_actors));
    for (auto left = count; left > 0 && in_.ok(); --left) {
      members(*this, all.emplace_back());
      if (all.size() > 1 && in_.ok() && !(all[all.size() - 2].actor < all.back().actor))
        refuse(fmt::format("{} do not ascend", what));
    }
  }
  /// `names` are those of the alternatives.
  template<class... Each>
  void one_of(std::variant<Each...>& what, const std::array<std::string_view, sizeof...(Each)>& names) {
    const auto which = std::size_t{byte("which it is")};
    if (!in_.ok())
      return;
    if (which >= names.size())
      return refuse(fmt::format("number {} is not known", which));
    message_ += fmt::format(" \"{}\"", names[which]);
    if (wire::emplace_alternative(what, which))
      std::visit([&](auto& x) { members(*this, x); }, what);
  }
  template<class Message>
  [[nodiscard]] expected<Message> done(Message m) {
    if (in_.ok() && !in_.at_end())
      refuse(fmt::format("{} bytes are after its end", in_.remaining()));
    if (wrong_)
      return unexpected(std::move(*wrong_));
    return m;
  }

private:
  void fail(error e) {
    if (!wrong_)
      wrong_ = std::move(e);
    in_.fail();
  }
  void refuse(std::string_view why) {
    fail({ec::corrupt, fault::outside, false, fmt::format("{} cannot be read: {}", message_, why), {}});
  }
  std::uint8_t byte(std::string_view what) {
    const auto v = in_.fixed<std::uint8_t>();
    if (!in_.ok())
      refuse(fmt::format("{} is cut off", what));
    return v;
  }
  std::uint64_t varint(std::string_view what) {
    const auto v = in_.varint();
    if (!in_.ok())
      refuse(fmt::format("{} is cut off, or no number", what));
    return v;
  }
  std::uint64_t bounded(std::string_view what, std::uint64_t most) {
    const auto v = varint(what);
    if (v > most)
      refuse(fmt::format("{} is {}, and {} is the most", what, v, most));
    return v;
  }
  std::string_view bytes(std::string_view what, std::size_t most) {
    const auto size = varint(what);
    if (size > most)
      refuse(fmt::format("{} has {} bytes, and {} are the most", what, size, most));
    const auto v = in_.raw(size);
    if (!in_.ok())
      refuse(fmt::format("{} is cut off", what));
    return v;
  }

  wire::reader in_;
  std::string message_;
  std::optional<error> wrong_;
};

}  // namespace

namespace commands {

void members(auto&, wire::like<register_again> auto&) {}
void members(auto& c, wire::like<welcome> auto& x) {
  c.number("its instance", x.instance);
  c.number("the session that it gives", x.session);
}
void members(auto& c, wire::like<leave> auto& x) {
  c.number("its instance", x.instance);
  c.text("why", x.why);
}
void members(auto& c, wire::like<start> auto& x) {
  c.actor(x.actor);
  c.number("its generation", x.generation);
  c.term("its term", x.term);
}
void members(auto& c, wire::like<stop> auto& x) {
  c.actor(x.actor);
  c.term("its term", x.term);
}
void members(auto& c, wire::like<detach> auto& x) { c.name("the node", x.node); }

}  // namespace commands

void members(auto& c, wire::like<registration::running_actor> auto& x) {
  c.actor(x.actor);
  c.life("its life", x.now);
}
void members(auto& c, wire::like<registration::begun_term> auto& x) {
  c.actor(x.actor);
  c.term("its term", x.term);
}
void members(auto& c, wire::like<registration::last_word> auto& x) {
  c.actor(x.actor);
  c.number("the number of a process", x.process);
  c.number("a signal", x.signal);
  c.records("the work in hand", x.records);
}
void members(auto& c, wire::like<registration> auto& x) {
  c.name("the node", x.node);
  c.number("its instance", x.instance);
  c.number("its session", x.session);
  c.number("the number of its cores", x.cores);
  c.number("the formats that it writes", x.formats);
  c.list("the actors that run", x.running);
  c.list("the actors that have begun", x.begun);
  c.term("the term below which all have begun", x.begun_below);
  c.list("the actors that earlier processes worked for", x.last_words);
  c.flag("whether it leaves", x.leaves);
}
void members(auto& c, wire::like<life_began> auto& x) {
  c.number("its session", x.session);
  c.actor(x.actor);
  c.life("its life", x.now);
}
void members(auto& c, wire::like<life_ended> auto& x) {
  c.number("its session", x.session);
  c.actor(x.actor);
  c.life("its life", x.last);
  c.end_of_life(x.how);
  c.life("the life that has refused it", x.refused_by);
  c.text("why", x.why);
}
void members(auto& c, wire::like<epoch_refused> auto& x) { c.life("the highest epoch", x.highest); }

std::string encode_command(const node_command& c) {
  message_writer out(direction::command);
  out.life("its epoch", c.from);
  out.number("its session", c.session);
  out.one_of(c.what);
  return out.take();
}

expected<node_command> decode_command(std::string_view bytes) {
  message_reader in(bytes, direction::command);
  node_command c;
  in.life("its epoch", c.from);
  in.number("its session", c.session);
  in.one_of(c.what, command_names);
  return in.done(std::move(c));
}

std::string encode_event(const node_event& e) {
  message_writer out(direction::event);
  out.one_of(e);
  return out.take();
}

expected<node_event> decode_event(std::string_view bytes) {
  message_reader in(bytes, direction::event);
  node_event e;
  in.one_of(e, event_names);
  return in.done(std::move(e));
}

}  // namespace millrace::cluster
