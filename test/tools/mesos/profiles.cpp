// libprofiles.so: a disk profile adaptor module (`org_lab_DiskProfiles`) with a fixed set of profiles, read once from
// the file named by $MESOSD_PROFILES. Each is one line, without spaces in a word:
//   <profile> <its VolumeCapability as protobuf, in hexadecimal> [<key>=<value>...]
// Mesos's own adaptor, which reads a JSON file, is not in the package.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <unordered_set>
using std::string;

template <typename E, typename H = std::hash<E>, typename Q = std::equal_to<E>>
class hashset : public std::unordered_set<E, H, Q> {};

namespace google { namespace protobuf {
class MessageLite { public: virtual ~MessageLite(); bool ParseFromString(const string&); };
template <typename K, typename V> class Map {
  void* arena = nullptr; int unused = 0; void* elements = nullptr;
  void Init();
public:
  Map() { Init(); }
  V& operator[](const K&);
};
}}
namespace process {
template <typename T> class Future {
public:
  struct Data {                 // as far as the value
    char lock; int state; bool discard, associated, abandoned;
    alignas(8) int isSome; alignas(8) int isValue; alignas(8) T value;
  };
  std::shared_ptr<Data> data;
  Future();
  Future(const T&);
};
}
namespace mesos {
class Parameters; class ResourceProviderInfo;
class Volume_Source_CSIVolume_VolumeCapability { alignas(8) char x[0x30]; public: Volume_Source_CSIVolume_VolumeCapability(); };
class DiskProfileAdaptor {
public:
  struct ProfileInfo {
    Volume_Source_CSIVolume_VolumeCapability capability;
    google::protobuf::Map<string, string> parameters;
  };
  virtual ~DiskProfileAdaptor() {}
  virtual process::Future<ProfileInfo> translate(const string& profile, const ResourceProviderInfo&) = 0;
  virtual process::Future<hashset<string>> watch(const hashset<string>& known, const ResourceProviderInfo&) = 0;
};
}
using namespace mesos;
static_assert(offsetof(process::Future<DiskProfileAdaptor::ProfileInfo>::Data, value) == 32, "");

struct Profile { string capability; std::map<string, string> parameters; };

class Profiles : public DiskProfileAdaptor {
  std::map<string, Profile> profiles;
  static string bytes(const string& hex) {
    string out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) out += char(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
  }
public:
  Profiles() {
    std::ifstream in(getenv("MESOSD_PROFILES") ? getenv("MESOSD_PROFILES") : "/dev/null");
    for (string line; std::getline(in, line);) {
      std::istringstream words(line);
      string name, hex, kv;
      if (!(words >> name >> hex)) continue;
      Profile& p = profiles[name];
      p.capability = bytes(hex);
      while (words >> kv) p.parameters[kv.substr(0, kv.find('='))] = kv.substr(kv.find('=') + 1);
    }
  }
  process::Future<ProfileInfo> translate(const string& profile, const ResourceProviderInfo&) override {
    process::Future<ProfileInfo> future;
    auto it = profiles.find(profile);
    if (it == profiles.end()) return future;      // never ready
    auto* info = new (&future.data->value) ProfileInfo;
    reinterpret_cast<google::protobuf::MessageLite*>(&info->capability)->ParseFromString(it->second.capability);
    for (auto& kv : it->second.parameters) info->parameters[kv.first] = kv.second;
    future.data->isSome = future.data->isValue = 0;
    future.data->abandoned = false;
    future.data->state = 1;                       // READY; no one else has seen it yet
    return future;
  }
  process::Future<hashset<string>> watch(const hashset<string>& known, const ResourceProviderInfo&) override {
    hashset<string> names;
    for (auto& p : profiles) names.insert(p.first);
    return known == names ? process::Future<hashset<string>>() : process::Future<hashset<string>>(names);
  }
};

struct Module {
  const char *api, *mesos, *kind, *author, *email, *description;
  bool (*compatible)();
  DiskProfileAdaptor* (*create)(const Parameters&);
};
extern "C" { Module org_lab_DiskProfiles = {"2", "1.11.0", "DiskProfileAdaptor", "lab", "", "fixed disk profiles", nullptr,
                          [](const Parameters&) -> DiskProfileAdaptor* { return new Profiles; }}; }
