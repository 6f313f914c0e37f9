require 'json'
require_relative "lib/helper"

# Keeps things.
module Things
  LIMIT = 10

  # A stack.
  class Stack < Base
    include Enumerable
    attr_reader :items, :size

    def initialize(items)
      @items = items
    end

    # Makes one.
    def self.create(*args)
      new(args).tap { |s| s.push(1) }
    end

    def empty?
      @items.empty?
    end
  end
end

def main
  puts Things::Stack.create(1)
end
