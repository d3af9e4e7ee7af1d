// Runs every file of the kept corpus through its entry, in the normal build: fuzz_corpus FOLDER.
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "entries.h"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 2) return 2;
  int files = 0;
  for (const ashlar::fuzz::Entry& entry : ashlar::fuzz::kEntries) {
    fs::path folder = fs::path(argv[1]) / entry.name;
    int of_entry = 0;
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
      auto bytes = ashlar::ReadFile(file.path().string());
      if (!bytes.ok()) return 1;
      // Should it crash, the last line names the file.
      printf("%s\n", file.path().c_str());
      fflush(stdout);
      entry.run(*bytes);
      ++of_entry;
    }
    if (of_entry == 0) {
      printf("no corpus in %s\n", folder.c_str());
      return 1;
    }
    files += of_entry;
  }
  printf("%d files\n", files);
  return 0;
}
