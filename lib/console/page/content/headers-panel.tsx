/** In the order they are in the message; a name may come again. */
export function HeadersPanel({ headers }: { headers: readonly (readonly [name: string, value: string])[] }) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Headers">
      <table class="headers">
        <thead>
          <tr>
            <th scope="col">Header</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {headers.map(([name, value], index) => (
            <tr key={`${index} ${name}`}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
