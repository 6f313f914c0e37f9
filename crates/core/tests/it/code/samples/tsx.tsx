import React, { useState } from 'react';

interface Props { title: string }

export const Card: React.FC<Props> = ({ title }) => {
  const [open, setOpen] = useState(false);
  return <section onClick={() => setOpen(!open)}><h1>{title}</h1><Button kind="x" /></section>;
};

export default function App() {
  return <Card title="a" />;
}
