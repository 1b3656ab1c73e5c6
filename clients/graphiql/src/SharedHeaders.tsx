import { useGraphiQL } from '@graphiql/react';
import { useEffect, useRef } from 'react';

/** GraphiQL keeps headers per tab; carry the last edit along, so that a token is pasted once. */
export function SharedHeaders({ initial }: { initial: string }) {
  const { headerEditor, activeTabIndex, tabs } = useGraphiQL((state) => ({
    headerEditor: state.headerEditor,
    activeTabIndex: state.activeTabIndex,
    tabs: state.tabs,
  }));
  const activeTabId = tabs[activeTabIndex]?.id;
  const shared = useRef(initial);

  useEffect(() => {
    const listener = headerEditor?.onDidChangeModelContent(({ isFlush }) => {
      // A flush is GraphiQL filling the editor, not the user typing in it.
      if (!isFlush) shared.current = headerEditor.getValue();
    });
    return () => listener?.dispose();
  }, [headerEditor]);

  useEffect(() => {
    if (headerEditor && headerEditor.getValue() !== shared.current) {
      headerEditor.setValue(shared.current);
    }
  }, [headerEditor, activeTabId]);

  return null;
}
