#include "runtime/expression/column_function.hpp"

#include "runtime/expression/bind/node.hpp"

#include <algorithm>

namespace millrace::expression {

bound bind_function(std::shared_ptr<const column_function> f, data::type result,
                    std::vector<std::size_t> columns) {
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  auto root = std::make_unique<node>();
  root->what = op::whole_batch;
  root->prepared = std::move(f);
  bound out;
  out.code = std::make_shared<const program>(std::move(root));
  out.type = std::move(result);
  out.columns = std::move(columns);
  out.can_fail = true;
  return out;
}

const column_function* function_of(const bound& b) {
  const auto& root = b.code->root();
  return root.what == op::whole_batch ? static_cast<const column_function*>(root.prepared.get()) : nullptr;
}

}  // namespace millrace::expression
