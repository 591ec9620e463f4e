// Lane frames from one process to another on this machine: over a link (encoded, cut, carried by CAF, decoded),
// and the same bytes over a plain TCP connection, which is a copy, also with encoding and decoding, and over the
// link's transport by CAF alone, another copy. Bytes of the frames' messages are counted, each once. Sender and
// receiver are processes of their own, whose CPU-seconds are counted from their beginning to their end. The ways
// take turns, and medians of all rounds are told.
//
//   shuffle_bench [frames [edges [rounds [part of a way's name]]]]
#include "actors/link/caf_transport.hpp"
#include "bench/counted_frame.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/link/hello.hpp"
#include "runtime/link/proof.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace millrace {
namespace {

using namespace link;

constexpr std::size_t rows = 16'384, threads = 2;
constexpr std::size_t credit = std::size_t{4} << 20;
constexpr edge_id first_edge = 1U << 20U;

struct done {};

struct job {
  std::size_t frames = 0, edges = 0;
  messages::take_frame frame;
  std::string encoded;
  [[nodiscard]] double gigabytes() const { return static_cast<double>(encoded.size() * frames) / 1e9; }
};
/// The cost of one round: by the clock from the first frame to the last answer, and of both processes.
struct cost {
  double seconds = 0, cpu_seconds = 0;
};

struct process_config : caf::actor_system_config {
  process_config() {
    configure_network(*this);
    control::share_threads(*this, threads);
  }
};

// --- a link

messages::frame_receiver::behavior_type receiving(messages::frame_receiver::pointer self, int) {
  return {
      [=](const messages::ask_position& m) {
        self->send(m.from, messages::position_answered{m.log, m.receiver, delivery::answer{{{1}, 1}, {}}});
      },
      [=](const messages::take_frame& m) {
        self->send(m.from,
                   messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, m.frame->bytes});
      },
  };
}

using sender = messages::frame_sender::extend<caf::reacts_to<messages::receiver_up>>;
struct sending {
  std::size_t left = 0, in_flight = 0;
  messages::frame_receiver to;
};
/// Sends frames within its credit; when all have been taken, `tell` hears of it.
sender::behavior_type sends(sender::pointer self, messages::take_frame frame, std::size_t frames,
                            std::size_t bytes, caf::actor tell) {
  const auto state = std::make_shared<sending>(sending{frames, 0, {}});
  delivery::lane_frame stamped = *frame.frame;
  stamped.stamp = {{1}, 1};
  stamped.bytes = bytes;
  frame = {std::make_shared<const delivery::lane_frame>(std::move(stamped)), 0, self};
  const auto go_on = [=] {
    for (; state->left > 0 && state->in_flight < credit; --state->left, state->in_flight += bytes)
      self->send(state->to, frame);
    if (state->left == 0 && state->in_flight == 0)
      caf::anon_send(tell, done{});
  };
  return {
      [=](const messages::position_answered&) { go_on(); },
      [=](const messages::credit_returned& m) {
        state->in_flight -= m.bytes;
        go_on();
      },
      [](const messages::ask_again&) {},
      [](const messages::acknowledged&) {},
      [=](const messages::receiver_up& m) {
        state->to = m.handle;
        self->send(m.handle, messages::ask_position{frame.frame->log, {1}, 0, self});
      },
  };
}

link_owner::behavior_type introduces(link_owner::pointer self, const std::vector<sender>& senders) {
  return {[=](const link_told& m) {
    if (const auto* up = std::get_if<stand_in_up>(&m.what))
      self->send(senders.at(up->edge - first_edge), messages::receiver_up{0, up->handle, up->remote});
  }};
}

link_handle linked(caf::actor_system& system, const network& way, const std::string& me,
                   const std::string& peer, std::uint16_t port, const std::vector<sender>& senders) {
  link_options o;
  o.link = {{"bench", me, {me == "a" ? 1U : 2U, 0}, {}, spoken, {}, 0, caf_node_of(system)}, peer, {}, {}};
  o.make_transport = way.to(peer, {"127.0.0.1", port});
  o.owner = system.spawn(introduces, senders);
  return spawn_link(system, std::move(o));
}

template<class T>
T read_from(int fd) {
  T value{};
  if (read(fd, &value, sizeof(value)) != sizeof(value))
    std::abort();
  return value;
}
template<class T>
void write_to(int fd, T value) {
  if (write(fd, &value, sizeof(value)) != sizeof(value))
    std::abort();
}
std::unique_ptr<network> listening(caf::actor_system& system, const std::string& me) {
  auto at = listen_at({"127.0.0.1", 0});
  if (!at)
    std::abort();
  return caf_network::listen(system, {me, std::string(link_secret_size, '0')}, std::move(*at));
}

/// Ends this process when `from_parent` is closed.
[[noreturn]] void stay(int from_parent) {
  char end = 0;
  while (read(from_parent, &end, 1) > 0) {
  }
  _exit(0);
}

[[noreturn]] void receive_over_link(const job& j, int from_parent, int to_parent) {
  process_config config;
  caf::actor_system system(config);
  const auto way = listening(system, "b");
  write_to(to_parent, way->port());
  const auto link = linked(system, *way, "b", "a", read_from<std::uint16_t>(from_parent), {});
  for (std::size_t i = 0; i < j.edges; ++i)
    caf::anon_send(link, local_up{static_cast<edge_id>(first_edge + i),
                                  messages::frame_receiver(system.spawn(receiving, 0)),
                                  {1},
                                  bench::counted_users()});
  stay(from_parent);
}

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// Writes the seconds that it has taken to `to_parent`.
[[noreturn]] void send_over_link(const job& j, int to_child, int from_child, int to_parent) {
  process_config config;
  caf::actor_system system(config);
  caf::scoped_actor waits(system);
  const auto way = listening(system, "a");
  write_to(to_child, way->port());
  std::vector<sender> senders;
  for (std::size_t i = 0; i < j.edges; ++i)
    senders.push_back(system.spawn(sends, j.frame, j.frames / j.edges, j.encoded.size(),
                                   caf::actor_cast<caf::actor>(waits)));
  const auto link = linked(system, *way, "a", "b", read_from<std::uint16_t>(from_child), senders);
  for (std::size_t i = 0; i < j.edges; ++i) {
    const auto edge = static_cast<edge_id>(first_edge + i);
    caf::anon_send(link, local_up{edge, messages::frame_sender(senders[i]), {1}});
    caf::anon_send(link, remote_up{edge, {1}});
  }
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < j.edges; ++i)
    waits->receive([](const done&) {});
  write_to(to_parent, seconds_since(begun));
  _exit(0);
}

// --- CAF's networking, without a link

/// Opens its way until there is one.
void open_later(way_user::pointer self, const transport& way) {
  self->delayed_send(way, std::chrono::milliseconds(50), open_way{});
}
/// Answers each whole with as many bytes as a packet without fragments has.
way_user::behavior_type answers(way_user::pointer self, const transport_factory& make) {
  const auto way = make(self->system(), self);
  const auto answer = make_piece(std::string(sizeof(packet_header), 'a'));
  return {
      [](const way_opened&) {},
      [](const way_closed&) {},
      [](const way_refused&) {},
      [=](const whole_came&) { self->send(way, send_whole{{answer}}); },
  };
}
/// Sends the bytes so many times, cut as a link cuts them, with a link's window; when all of them have been answered,
/// `tell` hears of it.
way_user::behavior_type copies(way_user::pointer self, const transport_factory& make, const piece& bytes,
                               std::size_t times, const caf::actor& tell) {
  const auto way = make(self->system(), self);
  const limits bounds;
  const auto left = std::make_shared<std::size_t>(times);
  const auto at = std::make_shared<std::size_t>(0);
  const auto in_flight = std::make_shared<std::size_t>(0);  // wholes
  open_later(self, way);
  const auto go_on = [=] {
    for (; *left > 0 && (*in_flight + 1) * bounds.fragment <= bounds.window; ++*in_flight) {
      const auto part = part_of(bytes, *at, bounds.fragment);
      self->send(way, send_whole{{part}});
      *at += part.bytes.size();
      if (*at < bytes.bytes.size())
        continue;
      *at = 0;
      --*left;
    }
    if (*left == 0 && *in_flight == 0)
      caf::anon_send(tell, done{});
  };
  return {
      [=](const way_opened&) {
        *in_flight = 1;
        self->send(way,
                   send_whole{{make_piece(encode_hello({"bench", "a", {1, 0}, {}, spoken, {}, 0, "a"}))}});
      },
      [=](const way_closed&) { open_later(self, way); },
      [=](const way_refused&) { open_later(self, way); },
      [=](const whole_came&) {
        --*in_flight;
        go_on();
      },
  };
}

[[noreturn]] void receive_over_caf(const job&, int from_parent, int to_parent) {
  process_config config;
  caf::actor_system system(config);
  const auto way = listening(system, "b");
  write_to(to_parent, way->port());
  system.spawn(answers, way->to("a", {"127.0.0.1", read_from<std::uint16_t>(from_parent)}));
  stay(from_parent);
}
/// Writes the seconds that it has taken to `to_parent`.
[[noreturn]] void send_over_caf(const job& j, int to_child, int from_child, int to_parent) {
  process_config config;
  caf::actor_system system(config);
  caf::scoped_actor waits(system);
  const auto way = listening(system, "a");
  write_to(to_child, way->port());
  const auto begun = std::chrono::steady_clock::now();
  system.spawn(copies, way->to("b", {"127.0.0.1", read_from<std::uint16_t>(from_child)}),
               make_piece(j.encoded), j.frames, caf::actor_cast<caf::actor>(waits));
  waits->receive([](const done&) {});
  write_to(to_parent, seconds_since(begun));
  _exit(0);
}

// --- TCP

void read_all(int fd, std::string& into) {
  for (std::size_t have = 0; have < into.size();) {
    const auto n = read(fd, into.data() + have, into.size() - have);
    if (n <= 0)
      std::abort();
    have += static_cast<std::size_t>(n);
  }
}
void write_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto n = write(fd, bytes.data() + sent, bytes.size() - sent);
    if (n <= 0)
      std::abort();
    sent += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void receive_over_tcp(const job& j, int listener, bool decodes) {
  const int fd = accept(listener, nullptr, nullptr);
  const messages::message_reader reader(bench::counted_users());
  std::string bytes;
  for (std::size_t i = 0; i < j.frames; ++i) {
    bytes.resize(read_from<std::uint64_t>(fd));
    read_all(fd, bytes);
    if (decodes && !reader.read(bytes))
      std::abort();
  }
  write_to(fd, char{});
  _exit(0);
}

[[noreturn]] void send_over_tcp(const job& j, const sockaddr_in& to, bool encodes, int to_parent) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    std::abort();
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < j.frames; ++i) {
    write_to(fd, std::uint64_t{j.encoded.size()});
    if (encodes)
      write_all(fd, messages::encode_message(j.frame));
    else
      write_all(fd, j.encoded);
  }
  read_from<char>(fd);
  write_to(to_parent, seconds_since(begun));
  _exit(0);
}

double over_tcp(const job& j, bool with_coding) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  int took[2];
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0 || ::listen(listener, 1) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0 || pipe(took) != 0)
    std::abort();
  const auto receiver = fork();
  if (receiver == 0)
    receive_over_tcp(j, listener, with_coding);
  const auto from = fork();
  if (from == 0)
    send_over_tcp(j, at, with_coding, took[1]);
  ::close(took[1]);
  const auto seconds = read_from<double>(took[0]);
  waitpid(from, nullptr, 0);
  waitpid(receiver, nullptr, 0);
  for (const int fd : {listener, took[0]})
    ::close(fd);
  return seconds;
}

/// `receive` and `send` end their processes.
double by_two_processes(const job& j, void (*receive)(const job&, int from_parent, int to_parent),
                        void (*send)(const job&, int to_child, int from_child, int to_parent)) {
  int down[2], up[2], took[2];
  if (pipe(down) != 0 || pipe(up) != 0 || pipe(took) != 0)
    std::abort();
  const auto receiver = fork();
  if (receiver == 0) {
    ::close(down[1]);
    receive(j, down[0], up[1]);
  }
  const auto from = fork();
  if (from == 0)
    send(j, down[1], up[0], took[1]);
  ::close(took[1]);
  const auto seconds = read_from<double>(took[0]);
  for (const int fd : {down[0], down[1], up[0], up[1], took[0]})
    ::close(fd);
  waitpid(from, nullptr, 0);
  waitpid(receiver, nullptr, 0);
  return seconds;
}

// --- the costs

/// CPU-seconds of all children that have been waited for.
double cpu_of_children() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct way {
  std::string name;
  std::function<double(const job&)> run;  // returns seconds on the clock
  std::vector<cost> rounds = {};

  void go(const job& j) {
    const auto before = cpu_of_children();
    const auto seconds = run(j);
    rounds.push_back({seconds, cpu_of_children() - before});
  }
  [[nodiscard]] double median(double cost::*of) const {
    std::vector<double> all;
    for (const auto& r : rounds)
      all.push_back(r.*of);
    std::ranges::sort(all);
    return all[all.size() / 2];
  }
  /// Prints GB/s by the clock, and GB per CPU-second of both processes; each beside those of `other`.
  void tell(const job& j, const way& other) const {
    const auto clock = median(&cost::seconds), cpu = median(&cost::cpu_seconds);
    fmt::print("{:32} {:6.2f} GB/s {:6.2f}   {:6.2f} GB per CPU-second {:6.2f}\n", name,
               j.gigabytes() / clock, other.median(&cost::seconds) / clock, j.gigabytes() / cpu,
               other.median(&cost::cpu_seconds) / cpu);
  }
};

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  using namespace millrace;
  const auto argument = [&](int i, std::size_t usual) {
    return argc > i ? std::max<std::size_t>(1, std::strtoull(argv[i], nullptr, 10)) : usual;
  };
  job j;
  j.edges = argument(2, 4);
  j.frames = std::max<std::size_t>(1, argument(1, 2000) / j.edges) * j.edges;
  j.frame = bench::counted_frame(rows);
  j.encoded = messages::encode_message(j.frame);
  std::vector<way> ways{
      {"over TCP, a copy", [](const job& x) { return over_tcp(x, false); }},
      {"over TCP, encoded and decoded", [](const job& x) { return over_tcp(x, true); }},
      {"over CAF, a copy", [](const job& x) { return by_two_processes(x, receive_over_caf, send_over_caf); }},
      {"over a link", [](const job& x) { return by_two_processes(x, receive_over_link, send_over_link); }}};
  if (argc > 4)
    std::erase_if(ways, [&](const way& w) { return w.name.find(argv[4]) == std::string::npos; });
  if (ways.empty())
    return 1;
  const auto rounds = argument(3, 5);
  for (std::size_t i = 0; i < rounds; ++i)
    for (auto& w : ways)
      w.go(j);
  fmt::print("{} frames of {} bytes, {} edges; medians of {} rounds, each beside the first's\n", j.frames,
             j.encoded.size(), j.edges, rounds);
  for (const auto& w : ways)
    w.tell(j, ways.front());
  return 0;
}
