using System;
using IO = System.IO;
using static System.Math;

namespace Things.Inner
{
    /// <summary>A stack.</summary>
    [Serializable]
    public sealed class Stack<T> : Base, IEnumerable<T>
    {
        private const int Limit = 10;
        public int Size { get; set; }
        public event Action Changed;

        public Stack(int size) : base(size) { Size = size; }

        /// <summary>Pushes.</summary>
        public async Task<T> Push<U>(T item)
        {
            var local = Max(1, 2);
            Console.WriteLine(new List<T>());
            return await this.Add(item);
        }
    }

    public interface IShape { double Area(); }
    public struct Point { public int X; }
    public enum Colour { Red, Green }
    public record Person(string Name);
    public delegate void Handler(int x);
}
