// What a call's errors say to a person.

import NNIR

extension CallError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .argumentCount(let expected, let found):
      "\(found) arguments were given where \(expected) are taken"
    case .argumentType(let name, let expected, let found):
      "\(name) : \(expected) was given a value of type \(found)"
    case .unknownName(let name): "there is nothing called '\(name)'"
    case .missingInput(let name, let type): "\(name) : \(type) is not given"
    }
  }
}
