#include "tools/cli/own_names.hpp"

#include "runtime/http/own_host.hpp"

#include <boost/asio/ip/host_name.hpp>

#include <utility>

namespace millrace::cli {

std::vector<std::string> own_names(std::vector<std::string> more) {
  for (auto& name : more)
    name = http::without_brackets(name);
  boost::system::error_code failed;
  if (auto own = boost::asio::ip::host_name(failed); !failed && !own.empty())
    more.push_back(std::move(own));
  return more;
}

}  // namespace millrace::cli
