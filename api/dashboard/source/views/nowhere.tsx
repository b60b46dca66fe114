export default function Nowhere() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>The address leads nowhere in this version. <a href="#/">All jobs</a></p>
    </>
  );
}
