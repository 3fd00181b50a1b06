/** What jsdom lacks of a browser and Lumino needs when it is loaded. Import it first. */
globalThis.DragEvent ??= class extends MouseEvent {} as unknown as typeof DragEvent;
