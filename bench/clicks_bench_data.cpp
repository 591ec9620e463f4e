// Writes generated clicks to stdout, for the benchmarks that read a file: clicks_bench_data COUNT [USERS
// [SEED]].
#include "bench/clicks.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: clicks_bench_data COUNT [USERS [SEED]]\n";
    return 2;
  }
  millrace::bench::click_generator next(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1,
                                        argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 10'000);
  std::string out;
  for (auto left = std::strtoull(argv[1], nullptr, 10); left != 0; --left) {
    next.append(out);
    if (out.size() > (1 << 20)) {
      std::cout << out;
      out.clear();
    }
  }
  std::cout << out << std::flush;
  return std::cout ? 0 : 1;
}
