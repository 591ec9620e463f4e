#include "actors/api/server.hpp"

#include "actors/api/connection.hpp"
#include "runtime/base/listen_failure.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <list>
#include <thread>
#include <utility>

namespace millrace::api {
namespace {

using boost::asio::ip::tcp;

/// Accepting goes on after as long, where there are no more descriptors.
constexpr std::chrono::milliseconds accepts_again{200};

std::string shown(const tcp::endpoint& at) {
  const auto host = at.address().to_string();
  return at.address().is_v6() ? fmt::format("[{}]:{}", host, at.port())
                              : fmt::format("{}:{}", host, at.port());
}

}  // namespace

struct server::impl {
  std::shared_ptr<server_core> core = std::make_shared<server_core>();
  tcp::acceptor acceptor{core->io};
  boost::asio::steady_timer pause{core->io};
  std::list<std::shared_ptr<connection>> open;  // the oldest first
  bool cannot_accept = false;
  std::thread thread;

  ~impl() {
    core->io.stop();
    if (thread.joinable())
      thread.join();
    open.clear();
  }

  expected<void> listen() {
    const auto& at = core->options.listen;
    boost::system::error_code failed;
    acceptor.open(at.protocol(), failed);
    if (!failed)
      acceptor.set_option(boost::asio::socket_base::reuse_address(true), failed);
    if (!failed)
      acceptor.bind(at, failed);
    if (!failed)
      acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
    if (failed)
      return unexpected(listen_failure("--http", shown(at), failed.value()));
    return {};
  }

  void accept() {
    acceptor.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
      if (!failed) {
        cannot_accept = false;
        serve(std::move(socket));
        return accept();
      }
      // No descriptor, no memory: asking again at once would only spin.
      if (!std::exchange(cannot_accept, true))
        spdlog::warn("API: no connection can be accepted: {}; trying again", failed.message());
      pause.expires_after(accepts_again);
      pause.async_wait([this](boost::system::error_code) { accept(); });
    });
  }

  void serve(tcp::socket socket) {
    const auto& limits = core->options.limits;
    const bool is_kept = open.size() >= limits.connections && !make_room();
    if (open.size() >= limits.connections + limits.kept)
      return;  // it is closed
    open.push_back(std::make_shared<connection>(
        *core, std::move(socket),
        [this](const connection& over) { open.remove_if([&](const auto& c) { return c.get() == &over; }); },
        is_kept));
    // A handler that ends the connection at once takes it out of the list.
    const auto fresh = open.back();
    fresh->start();
  }

  /// Returns false where all are being answered.
  bool make_room() {
    core->complain(client_fault::too_many,
                   fmt::format("more than {} connections are open; the oldest that asks for "
                               "nothing, or that waits for an end, makes room",
                               core->options.limits.connections));
    const auto oldest = [&](bool (connection::*is_such)() const) {
      const auto at = std::ranges::find_if(open, [&](const auto& c) { return (*c.*is_such)(); });
      return at == open.end() ? nullptr : *at;
    };
    if (const auto idle = oldest(&connection::is_idle))
      idle->close();
    else if (const auto waiting = oldest(&connection::is_waiting))
      waiting->give_way();
    else
      return false;
    return true;
  }
};

server::server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

expected<server> server::start(server_options options, cluster_view& view, const wall_clock& clock) {
  if (!options.tls && !options.guard.has_metrics_only && !options.listen.address().is_loopback())
    return user_error(
        ec::invalid_argument,
        fmt::format(
            "--http {}: it is not a loopback address, and the API listens beyond this machine only with "
            "certificates; give --tls DIR (millrace tls init makes them), or --http-metrics-only, or "
            "listen on 127.0.0.1",
            options.listen.address().to_string()));
  auto i = std::make_unique<impl>();
  auto& core = *i->core;
  core.view = &view;
  core.options = std::move(options);
  if (core.options.tls) {
    ASSIGN_OR_RETURN(const auto own, tls::certificate::from_pem(core.options.tls->own.certificate,
                                                                core.options.tls->files.certificate));
    for (auto& host : own.hosts())
      core.options.guard.names.push_back(std::move(host));
    ASSIGN_OR_RETURN(core.tls, tls::context::make(*core.options.tls, clock));
  }
  RETURN_IF_ERROR(i->listen());
  i->accept();
  i->thread = std::thread([&core] { core.io.run(); });
  return server(std::move(i));
}

void server::settle(std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds between{5};
  const auto until = std::chrono::steady_clock::now() + limit;
  const auto is_quiet = [this] {
    // The server's thread has its share in it: it may still be telling when the answer has been read.
    const auto told = std::make_shared<std::promise<bool>>();
    auto quiet = told->get_future();
    boost::asio::post(impl_->core->io, [this, told] {
      told->set_value(std::ranges::none_of(impl_->open, [](const auto& c) { return c->is_answering(); }));
    });
    return quiet.get();
  };
  while (!is_quiet() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(between);
}

tcp::endpoint server::endpoint() const {
  boost::system::error_code failed;
  return impl_->acceptor.local_endpoint(failed);
}

std::string server::url() const {
  return fmt::format("{}://{}", impl_->core->tls ? "https" : "http", shown(endpoint()));
}

}  // namespace millrace::api
