#include "tools/cli/own_names.hpp"

#include "runtime/http/own_host.hpp"
#include "runtime/http/request_reader.hpp"

#include <boost/asio/ip/host_name.hpp>

namespace millrace::cli {
namespace {

namespace ip = boost::asio::ip;

}  // namespace

own_names::own_names(std::vector<std::string> more) : names_(std::move(more)) {
  for (auto& name : names_)
    name = http::without_brackets(name);
  boost::system::error_code failed;
  if (auto own = ip::host_name(failed); !failed && !own.empty())
    names_.push_back(std::move(own));
}

bool own_names::have(std::string_view host, const ip::address& local) const {
  if (host.empty())
    return true;
  const auto parsed = http::parse_host(host);
  if (!parsed)
    return false;
  auto name = http::without_brackets(parsed->host);
  if (name.ends_with('.'))
    name.remove_suffix(1);
  return http::is_own_host(name, names_, local);
}

}  // namespace millrace::cli
